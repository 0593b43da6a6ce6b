import { expect, test } from "vitest";
import { messages } from "./api/sse";
import { visible, visibleLines } from "./format/visible";
import { en } from "./i18n/en";
import { makeI18n } from "./i18n/i18n";
import { ja } from "./i18n/ja";
import { fix, moment, presetOf, step } from "./time/range";
import { clock, offset, shortTime } from "./time/zone";

const now = Date.parse("2026-11-23T02:00:00Z");

test("relative times", () => {
  expect(moment("now", now)).toBe(now);
  expect(moment("now-24h", now)).toBe(now - 86_400_000);
  expect(moment("now/d", now)).toBeUndefined();
  expect(moment("2026-11-01 09:00", now)).toBeUndefined();
  expect(moment("2026-11-01T09:00:00+09:00", now)).toBe(Date.parse("2026-11-01T00:00:00Z"));
  expect(fix({ from: "now-1h", to: "now/d" }, now)).toEqual({ from: "2026-11-23T01:00:00.000Z", to: "now/d" });
  expect(step({ from: "now-1h", to: "now" }, now, -1)).toEqual({ from: "2026-11-23T00:00:00.000Z", to: "2026-11-23T01:00:00.000Z" });
  expect(step({ from: "", to: "now" }, now, 1)).toBeUndefined();
  expect(presetOf({ from: "", to: "" })).toBe("all");
});

test("an instant as the zone has it, with the fraction that was sent", () => {
  expect(clock("2026-11-22T15:00:01.000007Z", "Asia/Tokyo")).toEqual({ date: "2026-11-23", time: "00:00:01", fraction: "000007" });
  expect(shortTime("2026-03-08T10:00:00Z", "America/New_York")).toBe("2026-03-08 06:00");
  expect(shortTime("2026-03-08T06:30:00Z", "America/New_York")).toBe("2026-03-08 01:30");
  expect(offset("America/New_York", Date.parse("2026-03-08T06:00:00Z"))).toBe("UTC-5");
  expect(offset("America/New_York", Date.parse("2026-03-08T08:00:00Z"))).toBe("UTC-4");
  expect(offset("UTC", now)).toBe("UTC");
});

test("what hides in a text is shown", () => {
  expect(visible("a\u202Eb\u0000\u001b[31m\u200b\nx\ty")).toBe("a⟨U+202E⟩b⟨U+0000⟩⟨U+001B⟩[31m⟨U+200B⟩\\nx\\ty");
  expect(visible("日本 𠮷 é 👍")).toBe("日本 𠮷 é 👍");
  expect(visible("\ud800x")).toBe("⟨U+D800⟩x");
  expect(visible("x".repeat(50), 10)).toBe(`${"x".repeat(10)}…`);
  expect(visibleLines("a\nb\u202e")).toBe("a\nb⟨U+202E⟩");
});

test("both languages name the same values", () => {
  const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();
  for (const key of Object.keys(en) as (keyof typeof en)[]) expect(names(ja[key]), key).toBe(names(en[key]));
});

test("numbers and plurals", () => {
  const i18n = makeI18n("en", () => undefined);
  expect(i18n.plural("low.hidden", 1)).toBe("1 low-priority event hidden");
  expect(i18n.plural("low.hidden", 1204)).toBe("1,204 low-priority events hidden");
  expect(i18n.plural("low.hidden", 0)).toBe("0 low-priority events hidden");
  expect(makeI18n("ja", () => undefined).plural("count.events", 1204)).toBe("1,204 件");
  expect([0, 999, 32_100, 1.2e9].map(i18n.bytes)).toEqual(["0 B", "999 B", "32.1 kB", "1.2 GB"]);
});

const stream = (parts: Uint8Array[]) => new ReadableStream<Uint8Array>({
  start(controller) {
    for (const part of parts) controller.enqueue(part);
    controller.close();
  },
});

test("server-sent events, cut anywhere", async () => {
  const text = ": hello\n\nevent: row\nid: 1\ndata: {\"a\":\ndata: 1}\n\nevent: missed\ndata: {\"missed\":3}\n\nevent: row\ndata: never finished";
  for (const size of [1, 3, 7, 1000]) {
    const bytes = new TextEncoder().encode(text);
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
    const got = [];
    for await (const m of messages(stream(parts))) got.push(m);
    expect(got).toEqual([{ event: "row", id: "1", data: '{"a":\n1}' }, { event: "missed", id: "1", data: '{"missed":3}' }]);
  }
});
