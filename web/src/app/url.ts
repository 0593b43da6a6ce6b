// The address is the state: what a person would share stands in it, nothing secret does.

/** What the Explorer's address says. q is missing where nobody has said what to search; "" means everything. */
export interface ExplorerSearch {
  q?: string;
  stores?: string;
  from?: string;
  to?: string;
  tz?: string;
  ev?: string;
  tab?: string;
  live?: string;
}

const known = ["q", "stores", "from", "to", "tz", "ev", "tab", "live"] as const;

/** Parameters stay the texts that they are: the router's own reading would make a number of q=404. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (typeof value === "string") out.set(name, value);
  const text = out.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}

export function explorerSearch(given: Record<string, unknown>): ExplorerSearch {
  const out: ExplorerSearch = {};
  for (const name of known) {
    const value = given[name];
    if (typeof value === "string") out[name] = value;
  }
  return out;
}
