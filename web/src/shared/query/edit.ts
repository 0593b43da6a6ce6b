// Edits of the search text: what a click on a value does. There is no second, hidden list of filters.
import { charOffset } from "./paint";
import { terms, type Term } from "./terms";

/** The filter that the Explorer begins with. It hides events of low priority, and nothing that has no priority at all. */
export const defaultSearch = "-priority:low";

const words = new Set(["AND", "OR", "NOT", "TO"]);

/** quote writes a value so that the search language takes it literally. */
export function quote(value: string): string {
  if (/^[\p{L}\p{N}_./@%#+](?:[\p{L}\p{N}_./@%#+:=-])*$/u.test(value) && !words.has(value)) return value;
  const escaped = value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\t/g, "\\t");
  return `"${escaped}"`;
}

const writeField = (field: string) => (/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(field) ? field : `\`${field}\``);

function write(field: string, values: string[], negated: boolean): string {
  const value = values.length === 1 ? quote(values[0] ?? "") : `(${values.map(quote).join(" OR ")})`;
  return `${negated ? "-" : ""}${writeField(field)}:${value}`;
}

const aliases: Record<string, string> = { severity: "severity_id", tag: "tags", label: "labels", actor: "actor_user_name", class: "class_uid" };

/** sameField knows that severity, severity_id and severity.id are one field. */
export function sameField(a: string | undefined, b: string): boolean {
  if (a === undefined) return false;
  const name = (f: string) => {
    const flat = f.replace(/^@/, "").toLowerCase().replaceAll(".", "_");
    return aliases[flat] ?? flat;
  };
  return name(a) === name(b);
}

const equal = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** add puts one more term behind the text; a text with OR at its top is put in parentheses first. */
export function add(text: string, term: string): string {
  const rest = text.trim();
  if (rest === "" || rest === "*") return term;
  return terms(rest) ? `${rest} ${term}` : `(${rest}) ${term}`;
}

function replace(text: string, term: Term, by: string): string {
  const before = text.slice(0, term.from).replace(/\s*(?:\bAND\s*)?$/, "");
  const after = text.slice(term.to).replace(/^\s*(?:AND\b\s*)?/, "");
  return [before, by, after].filter((part) => part !== "").join(" ");
}

function drop(text: string, term: Term, value: string): string {
  const left = (term.values ?? []).filter((v) => !equal(v, value));
  return replace(text, term, left.length === 0 ? "" : write(term.field ?? "", left, term.negated));
}

function find(text: string, field: string, negated: boolean): Term | undefined {
  return terms(text)?.find((t) => sameField(t.field, field) && t.negated === negated && t.values);
}

const holds = (term: Term | undefined, value: string) => term?.values?.some((v) => equal(v, value)) ?? false;

/** state says whether the text asks for a value, asks for it not to be, or does neither. */
export function state(text: string, field: string, value: string): "included" | "excluded" | "none" {
  if (holds(find(text, field, false), value)) return "included";
  return holds(find(text, field, true), value) ? "excluded" : "none";
}

/** put makes the text ask for a value, or for it not to be, and takes back the contrary. */
export function put(text: string, field: string, value: string, negated: boolean): string {
  const against = find(text, field, !negated);
  if (against && holds(against, value)) {
    const without = drop(text, against, value);
    return negated ? put(without, field, value, true) : without;
  }
  const beside = find(text, field, negated);
  if (holds(beside, value)) return text;
  if (beside) return replace(text, beside, write(beside.field ?? field, [...(beside.values ?? []), value], negated));
  return add(text, write(field, [value], negated));
}

/** take removes a value that the text asks for or excludes. */
export function take(text: string, field: string, value: string): string {
  for (const negated of [false, true]) {
    const term = find(text, field, negated);
    if (term && holds(term, value)) return drop(text, term, value);
  }
  return text;
}

/** without removes every term on a field: what a facet counts with. */
export function without(text: string, field: string): string {
  for (;;) {
    const term = terms(text)?.find((t) => sameField(t.field, field));
    if (!term) return text;
    text = replace(text, term, "");
  }
}

/** only asks for one value of a field and forgets what was said of the field before. */
export const only = (text: string, field: string, value: string) => add(without(text, field), write(field, [value], false));

/** withoutTerm removes one term; the explanation of an empty result counts with it. */
export const withoutTerm = (text: string, term: Term) => replace(text, term, "");

/** hiddenByPriority is the search for what "-priority:low" hides; undefined when the text does not hide it. */
export function hiddenByPriority(text: string): string | undefined {
  const term = find(text, "priority", true);
  if (!term || !holds(term, "low")) return undefined;
  return add(drop(text, term, "low"), "priority:low");
}

/** renamed is the text with another name in a place that the service gave, in bytes of UTF-8. */
export const renamed = (text: string, place: { from: number; to: number }, name: string) =>
  text.slice(0, charOffset(text, place.from)) + name + text.slice(charOffset(text, place.to));
