// What senders write is hostile until shown otherwise: React escapes markup, this makes characters visible that would turn the
// line around, hide in it or break it.

// Control characters, bidirectional controls, zero-width characters, line separators, byte order mark, lone surrogates, tags.
const invisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\u{e0000}-\u{e007f}]/gu;
const names: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/** visible writes such characters as \\n or as ⟨U+202E⟩; at most `most` characters are looked at. */
export function visible(text: string, most = 2000): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(invisible, (c) => names[c] ?? `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** visibleLines is the same for texts that are shown with their line breaks. */
export const visibleLines = (text: string, most = 200_000) =>
  (text.length > most ? `${text.slice(0, most)}…` : text).split("\n").map((line) => visible(line, most)).join("\n");
