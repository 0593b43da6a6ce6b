// The geometry of the histogram, without a browser.
import type { Schemas } from "../../shared/api/client";
import { tone, type Tone } from "./columns";

/** From the bottom of a bar to its top: what needs to be seen stands at the top. */
export const tones: Tone[] = ["quiet", "denied", "failure"];

export interface Bar { start: number; end: number; count: number; parts: Record<Tone, number> }

export function bars(h: Schemas["HistogramResult"]): Bar[] {
  return h.buckets.map((b) => {
    const start = Date.parse(b.start);
    const parts: Record<Tone, number> = { quiet: b.count, denied: 0, failure: 0 };
    for (const [value, n] of Object.entries(b.by ?? {})) {
      parts.quiet -= n;
      parts[tone(value)] += n;
    }
    return { start, end: start + h.interval_ms, count: b.count, parts };
  });
}

/** ceiling is the round number that the axis ends with: 1, 2 or 5 times a power of ten. */
export function ceiling(n: number): number {
  if (n <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 4, 5, 10].map((m) => m * power).find((c) => c >= n) ?? 10 * power;
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200, 129600, 525600].map((m) => m * 60_000);

/** ticks are the bars that get a label: about `want` of them, at round times of the zone (offset is its distance from UTC in ms). */
export function ticks(all: Bar[], want: number, offset: number): number[] {
  const first = all[0];
  const last = all.at(-1);
  if (!first || !last) return [];
  const span = last.end - first.start;
  const step = steps.find((s) => span / s <= want) ?? span / want;
  const found: number[] = [];
  let before = Math.floor((first.start + offset) / step) - ((first.start + offset) % step === 0 ? 1 : 0);
  for (const [i, bar] of all.entries()) {
    const at = Math.floor((bar.start + offset) / step);
    if (at !== before) found.push(i);
    before = at;
  }
  return found;
}
