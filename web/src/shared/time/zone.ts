// Times are stored in UTC and shown in one zone at a time, which stands beside them.

export const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function knownZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let f = formats.get(zone);
  if (!f) {
    f = new Intl.DateTimeFormat("en-CA-u-hc-h23", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    formats.set(zone, f);
  }
  return f;
}

export interface Clock { date: string; time: string; fraction: string }

/** clock reads an instant as a person in the zone would: 2026-11-23, 09:15:40, .123. The fraction is as the server sent it. */
export function clock(instant: string | number, zone: string): Clock {
  const at = typeof instant === "number" ? instant : Date.parse(instant);
  if (Number.isNaN(at)) return { date: "", time: String(instant), fraction: "" };
  const part: Record<string, string> = {};
  for (const { type, value } of format(zone).formatToParts(at)) part[type] = value;
  const sent = typeof instant === "string" ? /\.(\d+)/.exec(instant)?.[1] : undefined;
  const fraction = sent ?? String(((at % 1000) + 1000) % 1000).padStart(3, "0");
  return { date: `${part["year"]}-${part["month"]}-${part["day"]}`, time: `${part["hour"]}:${part["minute"]}:${part["second"]}`, fraction };
}

/** shortTime is 2026-11-23 09:15:40, without seconds that are zero. */
export function shortTime(instant: string | number, zone: string): string {
  const c = clock(instant, zone);
  return `${c.date} ${c.time.replace(/:00$/, "")}`;
}

/** offset is the zone's distance from UTC at an instant: UTC+9, UTC-3:30, UTC. */
export function offset(zone: string, at: number): string {
  const name = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" })
    .formatToParts(at).find((p) => p.type === "timeZoneName")?.value ?? "UTC";
  return name.replace("GMT", "UTC").replace(/\+0$/, "");
}
