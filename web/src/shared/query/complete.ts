// What could be completed at the caret. Which fields and values there are is asked from the server.
import { plain } from "./terms";

/** Place is the piece of the text that a completion takes the place of. */
export interface Place { field?: string; typed: string; from: number; to: number }

const field = /^@?[\p{L}_][\p{L}\p{N}_.\-@]*$/u;

/** place finds the name or the value that is being typed: the word before the caret, when nothing stands right behind it. */
export function place(text: string, caret: number): Place | undefined {
  const flat = plain(text);
  if (/[^\s)]/.test(flat[caret] ?? " ")) return undefined;
  const before = flat.slice(0, caret);
  if (((before.match(/(?<!\\)"/g) ?? []).length) % 2 === 1) return undefined;
  const start = Math.max(before.search(/[^\s()]+$/), 0);
  const word = before.slice(start).replace(/^[-!]+/, "");
  const from = caret - word.length;
  if (word === "" || /[\s()]/.test(word)) return undefined;
  const colon = word.indexOf(":");
  if (colon < 0) return field.test(word) ? { typed: word, from, to: caret } : undefined;
  const name = word.slice(0, colon);
  const typed = word.slice(colon + 1);
  if (!field.test(name) || /[*?\\"<>=~[{]/.test(typed)) return undefined;
  return { field: name, typed, from: from + colon + 1, to: caret };
}

/** best are at most `most` names that begin with what was typed, or hold it; the first before the others, in their order. */
export function best<T>(all: T[], typed: string, names: (item: T) => string[], most: number): T[] {
  const wanted = typed.toLowerCase();
  const rank = (item: T) => Math.min(...names(item).map((n) => {
    const at = n.toLowerCase().indexOf(wanted);
    return at < 0 ? Infinity : at === 0 ? 0 : 1;
  }));
  return all.map((item) => ({ item, rank: rank(item) })).filter((r) => r.rank < Infinity).sort((a, b) => a.rank - b.rank).slice(0, most).map((r) => r.item);
}
