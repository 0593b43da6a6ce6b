// The search text as the console edits it: its top-level terms with their places. The server's parser is the truth; what this
// one does not understand (OR at the top, a mistake) is left alone and edits are put beside it.

/** A term of the search that stands at the top level, joined to the others by AND. */
export interface Term {
  from: number;
  to: number;
  negated: boolean;
  field?: string;
  /** The values of field:a, field:"a" and field:(a OR b); missing for comparisons, ranges, wildcards and the like. */
  values?: string[];
}

const same = "：（）＊－＂　“”„‟";
const ascii = ':()*-" """"';

/** plain puts the ASCII character in the place of the full-width and curly ones, as the server does; lengths stay. */
export function plain(text: string): string {
  let out = "";
  for (const c of text) {
    const at = same.indexOf(c);
    out += at < 0 ? c : ascii[at];
  }
  return out;
}

const space = /\s/;
const wordEnd = /[\s()[\]{},"]/;
const fieldName = /^@?[\p{L}_][\p{L}\p{N}_.\-@]*$/u;

/** terms returns the top-level terms, or undefined where the text is more than a list of them. */
export function terms(text: string): Term[] | undefined {
  const reader = new Reader(plain(text));
  const found: Term[] = [];
  for (;;) {
    reader.skipSpace();
    if (reader.done) return found;
    const from = reader.at;
    let negated = false;
    for (;;) {
      if (reader.takeWord("NOT")) reader.skipSpace();
      else if (!reader.take("-") && !reader.take("!")) break;
      negated = !negated;
    }
    if (reader.peekWord("OR") || reader.done) return undefined;
    if (reader.takeWord("AND")) {
      if (found.length === 0 || negated) return undefined;
      continue;
    }
    const primary = reader.primary();
    if (!primary) return undefined;
    found.push({ from, to: reader.at, negated, ...primary });
  }
}

class Reader {
  at = 0;
  constructor(readonly text: string) {}

  get done() { return this.at >= this.text.length; }
  get char() { return this.text[this.at] ?? ""; }

  skipSpace() { while (!this.done && space.test(this.char)) this.at++; }

  take(c: string): boolean {
    if (this.char !== c) return false;
    this.at++;
    return true;
  }

  peekWord(word: string): boolean {
    const end = this.at + word.length;
    return this.text.startsWith(word, this.at) && (end >= this.text.length || wordEnd.test(this.text[end] ?? ""));
  }

  takeWord(word: string): boolean {
    if (!this.peekWord(word)) return false;
    this.at += word.length;
    return true;
  }

  primary(): Pick<Term, "field" | "values"> | undefined {
    if (this.char === "(") return this.brackets() ? {} : undefined;
    if (this.char === '"') return this.phrase() === undefined ? undefined : {};
    if (this.text.startsWith("CIDR(", this.at)) {
      this.at += 4;
      return this.brackets() ? {} : undefined;
    }
    const field = this.field();
    if (field === undefined) return this.word() === "" ? undefined : {};
    const values = this.value();
    return values === false ? undefined : { field, ...(values && { values }) };
  }

  /** field reads `name:`, and nothing when there is none. */
  field(): string | undefined {
    if (this.char === "`") {
      const end = this.text.indexOf("`", this.at + 1);
      if (end < 0 || this.text[end + 1] !== ":") return undefined;
      const name = this.text.slice(this.at + 1, end);
      this.at = end + 2;
      return name;
    }
    let end = this.at;
    while (end < this.text.length && this.text[end] !== ":" && !wordEnd.test(this.text[end] ?? "")) end++;
    const name = this.text.slice(this.at, end);
    if (this.text[end] !== ":" || !fieldName.test(name)) return undefined;
    this.at = end + 1;
    return name;
  }

  /** value reads what stands behind `field:`: its plain values, undefined for other forms, false for a mistake. */
  value(): string[] | undefined | false {
    switch (this.char) {
      case '"': {
        const p = this.phrase();
        return p === undefined ? false : [p];
      }
      case "(": return this.set();
      case "[":
      case "{": return this.range() ? undefined : false;
      case "=":
      case "~":
      case ">":
      case "<": {
        while (!this.done && "=~<>".includes(this.char)) this.at++;
        if (this.text[this.at] === '"') return this.phrase() === undefined ? false : undefined;
        return this.word() === "" ? false : undefined;
      }
    }
    const raw = this.word();
    if (raw === "") return false;
    return wildcard(raw) ? undefined : [unescape(raw)];
  }

  set(): string[] | undefined | false {
    const start = this.at;
    this.at++;
    const values: string[] = [];
    for (;;) {
      this.skipSpace();
      if (this.done) return false;
      if (this.take(")")) return values;
      if (this.take(",") || this.takeWord("OR")) continue;
      const phrase = this.char === '"' ? this.phrase() : undefined;
      const raw = phrase === undefined ? this.word() : "";
      if (phrase === undefined && (raw === "" || wildcard(raw) || /^[=~<>]/.test(raw))) {
        this.at = start;
        return this.brackets() ? undefined : false;
      }
      values.push(phrase ?? unescape(raw));
    }
  }

  word(): string {
    const from = this.at;
    while (!this.done && !wordEnd.test(this.char)) this.at += this.char === "\\" && this.at + 1 < this.text.length ? 2 : 1;
    return this.text.slice(from, this.at);
  }

  phrase(): string | undefined {
    let out = "";
    for (let i = this.at + 1; i < this.text.length; i++) {
      const c = this.text[i] ?? "";
      if (c === '"') {
        this.at = i + 1;
        return out;
      }
      if (c !== "\\") {
        out += c;
        continue;
      }
      const next = this.text[++i] ?? "";
      out += next === "n" ? "\n" : next === "t" ? "\t" : next;
    }
    return undefined;
  }

  /** brackets passes over ( … ) with what is nested in it. */
  brackets(): boolean {
    let depth = 0;
    while (!this.done) {
      if (this.char === '"') {
        if (this.phrase() === undefined) return false;
        continue;
      }
      if (this.char === "\\") this.at++;
      else if (this.char === "(") depth++;
      else if (this.char === ")" && --depth === 0) {
        this.at++;
        return true;
      }
      this.at++;
    }
    return false;
  }

  range(): boolean {
    while (!this.done && !/[\]}]/.test(this.char)) {
      if (this.char === '"') {
        if (this.phrase() === undefined) return false;
      } else this.at++;
    }
    if (this.done) return false;
    this.at++;
    return true;
  }
}

const wildcard = (raw: string) => /(^|[^\\])(\\\\)*[*?]/.test(raw);
const unescape = (raw: string) => raw.replace(/\\(.)/g, "$1");
