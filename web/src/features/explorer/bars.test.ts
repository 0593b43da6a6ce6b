import { expect, test } from "vitest";
import { bars, ceiling, ticks } from "./bars";

const hour = 3_600_000;
const histogram = (from: string, n: number) => ({
  interval_ms: hour, total: n, scanned: { events: 0, bytes: 0, took_ms: 0 },
  buckets: Array.from({ length: n }, (_, i) => ({ start: new Date(Date.parse(from) + i * hour).toISOString(), count: 4, by: { success: 1, blocked: 1, failure: 1, "": 1 } })),
});

test("every event of a bar is in one of its parts", () => {
  for (const bar of bars(histogram("2026-11-20T00:00:00Z", 3))) expect(bar.parts).toEqual({ quiet: 2, denied: 1, failure: 1 });
});

test("the axis ends with a round number that is not below the highest bar", () => {
  expect([0, 1, 2, 3, 9, 11, 39, 41, 101, 999].map(ceiling)).toEqual([2, 2, 2, 4, 10, 20, 40, 50, 200, 1000]);
});

test("labels stand at round times of the zone", () => {
  const all = bars(histogram("2026-11-20T00:00:00Z", 24));
  expect(ticks(all, 8, 0)).toEqual([0, 3, 6, 9, 12, 15, 18, 21]);
  // UTC+9: 03:00 there is 18:00 here.
  expect(ticks(all, 4, 9 * hour)).toEqual([3, 9, 15, 21]);
  expect(ticks([], 4, 0)).toEqual([]);
});
