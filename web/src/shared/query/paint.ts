// Colours of the search text. It only says what a piece looks like; what it means is the server's business.
import { plain } from "./terms";

export type Paint = "plain" | "field" | "operator" | "value" | "phrase" | "punctuation";
export interface Piece { text: string; paint: Paint }

const pattern = /(?<phrase>"(?:\\.|[^"\\])*"?)|(?<operator>\b(?:AND|OR|NOT|TO)\b(?=$|[\s()[\]{}]))|(?<field>(?:`[^`]*`|[@\p{L}_][\p{L}\p{N}_.@-]*):)|(?<punctuation>[()[\]{},]|(?<=^|[\s(])[-!](?=\S)|(?<=:)(?:[<>]=?|[=~]))|(?<value>(?<=:|:[=<>]|:[<>]=)[^\s()[\]{},"]+)|(?<word>(?:\\.|[^\s()[\]{},"\\])+)/gu;

/** paint cuts the text into pieces; joined they are the text again. */
export function paint(text: string): Piece[] {
  const flat = plain(text);
  const pieces: Piece[] = [];
  let at = 0;
  const push = (to: number, kind: Paint) => {
    if (to > at) pieces.push({ text: text.slice(at, to), paint: kind });
    at = Math.max(at, to);
  };
  for (const match of flat.matchAll(pattern)) {
    push(match.index, "plain");
    const end = match.index + match[0].length;
    const groups = match.groups ?? {};
    if (groups["field"]) {
      push(end - 1, "field");
      push(end, "punctuation");
    } else {
      const kind = (["phrase", "operator", "punctuation", "value"] as const).find((k) => groups[k]);
      push(end, kind ?? "plain");
    }
  }
  push(text.length, "plain");
  return pieces;
}

/** charOffset turns a byte offset of the server (UTF-8) into an offset of the text here (UTF-16). */
export function charOffset(text: string, bytes: number): number {
  let seen = 0;
  let at = 0;
  for (const c of text) {
    if (seen >= bytes) break;
    const code = c.codePointAt(0) ?? 0;
    seen += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += c.length;
  }
  return at;
}
