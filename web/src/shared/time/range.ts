// Ranges of time as they stand in the address: now-24h, now/d, RFC 3339, or what a person typed.

export interface Range { from: string; to: string }

export const day: Range = { from: "now-24h", to: "now" };

/** The ranges that are offered. Their names are translated under range.<key>. */
export const presets = [
  { key: "15m", from: "now-15m", to: "now" },
  { key: "1h", from: "now-1h", to: "now" },
  { key: "4h", from: "now-4h", to: "now" },
  { key: "24h", ...day },
  { key: "7d", from: "now-7d", to: "now" },
  { key: "30d", from: "now-30d", to: "now" },
  { key: "all", from: "", to: "" },
] as const;

export type PresetKey = (typeof presets)[number]["key"];

export const presetOf = (r: Range): PresetKey | undefined => presets.find((p) => p.from === r.from && p.to === r.to)?.key;

const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

/** moment is the time that a spelling stands for, where that needs no calendar: now-24h, milliseconds, RFC 3339 with its zone. */
export function moment(text: string, now: number): number | undefined {
  const relative = /^now(?:([+-])(\d+)([smhdw]))?$/.exec(text);
  if (relative) {
    const [, sign, count, unit] = relative;
    return now + (sign === "-" ? -1 : 1) * Number(count ?? 0) * (units[unit ?? "s"] ?? 0);
  }
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** fix makes a range absolute as it stands now, so that every part of one run and all its pages ask for the same. */
export function fix(r: Range, now: number): Range {
  const end = (text: string) => {
    const at = text.startsWith("now") ? moment(text, now) : undefined;
    return at === undefined ? text : new Date(at).toISOString();
  };
  return { from: end(r.from), to: end(r.to) };
}

/** step moves a range by its own length; undefined where an end is open or needs the server to be understood. */
export function step(r: Range, now: number, direction: 1 | -1): Range | undefined {
  const from = moment(r.from, now);
  const to = moment(r.to, now);
  if (from === undefined || to === undefined) return undefined;
  const by = (to - from) * direction;
  return { from: new Date(from + by).toISOString(), to: new Date(to + by).toISOString() };
}
