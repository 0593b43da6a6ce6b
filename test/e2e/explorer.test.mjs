// The Explorer in a real browser, on the built binary, with events of Ivanti Connect Secure, CloudTrail and of somebody hostile.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { accessible, launch, open } from "./browser.mjs";
import { Explorer } from "./explorer.mjs";
import { hostile, seed } from "./seed.mjs";
import { serve } from "./server.mjs";

const each = 600;
const pictures = process.env.KIROKU_SCREENSHOTS ?? path.join(import.meta.dirname, "out");
let server, browser, low;

before(async () => {
  server = await serve();
  await seed(server, each);
  low = await count("priority:low");
  browser = await launch();
  await mkdir(pictures, { recursive: true });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const api = (route, body) => fetch(`${server.url}/api/v1/${route}`, {
  method: "POST", headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" }, body: JSON.stringify(body),
}).then((r) => r.json());
const count = async (search) => (await api("count", { search })).count;

async function explorer(address, options) {
  const opened = await open(browser, server, address, { token: server.token, ...options });
  const at = new Explorer(opened.page);
  await at.search.waitFor(); // on a busy machine the network may rest before the page is drawn
  return { ...opened, at };
}

// The pictures of README and guide: the first page, and a failed sign-in (KIROKU_SCREENSHOTS names where they go).
test("pictures", async () => {
  const light = await explorer("/", { scheme: "light", locale: "en-US" });
  await light.page.screenshot({ path: path.join(pictures, "explorer-light.png") });
  await light.done();
  const dark = await explorer("/", { scheme: "dark", locale: "ja-JP" });
  await dark.at.settled(() => dark.at.rows.filter({ hasText: "Primary authentication failed" }).first().click());
  await dark.page.screenshot({ path: path.join(pictures, "explorer-dark-ja-event.png") });
  await dark.done();
});

test("the first page hides low priority, says how many, and shows them with one click", async () => {
  const { page, at, done } = await explorer("/");
  assert.equal(new URL(page.url()).pathname, "/explore");
  assert.equal(await at.search.inputValue(), "-priority:low");
  assert.ok(low > 100 && low < each, `${low} events of low priority`);
  const normal = 2 * each + hostile.length - low;
  assert.equal(await at.total(), normal);
  assert.equal(await count("-priority:low"), normal);
  await page.getByText(`${low} low-priority events hidden`).waitFor();
  await at.settled(() => page.getByRole("button", { name: "Show low priority too" }).click());
  assert.equal(await at.search.inputValue(), "");
  assert.equal(at.parameter("q"), "");
  assert.equal(await at.total(), normal + low);
  assert.equal(await page.getByText("low-priority events hidden").count(), 0);
  // An empty search in the address is one, and not the default again.
  await page.reload({ waitUntil: "networkidle" });
  assert.equal(await at.search.inputValue(), "");
  assert.equal(await at.total(), normal + low);
  await at.settled(() => page.getByRole("button", { name: "Hide low priority" }).click());
  assert.equal(await at.total(), normal);
  await at.settled(() => page.goBack());
  assert.equal(await at.total(), normal + low);
  await done();
});

test("the default filter hides no event of a source that gives no priority", async () => {
  const { page, at, done } = await explorer("/explore");
  assert.match(await at.facets.getByRole("checkbox", { name: /Ivanti Connect Secure/ }).innerText(), new RegExp(`${each}$`));
  assert.match(await at.facets.getByRole("checkbox", { name: /Generic/ }).innerText(), new RegExp(`${hostile.length}$`));
  await at.run("-priority:low user:mallory");
  await page.getByText("0 low-priority events hidden").waitFor();
  await done();
});

test("a mistake is shown at its character, and the last result stays", async () => {
  const { page, at, done } = await explorer("/explore?q=", { expected: [400] });
  const before = await at.rows.first().innerText();
  await at.search.fill('user:"日本" src_ip:203.0.113.0/33');
  await at.search.press("Enter");
  await page.getByRole("alert").filter({ hasText: "At character 18" }).waitFor();
  assert.equal(await page.locator(".k-wrong").innerText(), "203.0.113.0/33");
  assert.match(await page.getByRole("alert").innerText(), /no network.*Next:/);
  assert.equal(await at.search.getAttribute("aria-invalid"), "true");
  assert.equal(await at.rows.first().innerText(), before, "the events of the last good search");
  assert.equal(await at.count.innerText(), "", "neither a zero nor the number of before is told");
  assert.ok(await at.facets.getByRole("checkbox", { name: /AWS CloudTrail/ }).isVisible(), "the facets of the last good search");
  await accessible(page, "with a mistake");
  await at.run("user:alice");
  assert.equal(await page.getByRole("alert").count(), 0);
  await done();
});

test("every value can be filtered by and excluded, in the one text", async () => {
  const { page, at, done } = await explorer("/explore");
  await at.settled(() => at.facets.getByRole("checkbox", { name: /AWS CloudTrail/ }).click());
  assert.equal(await at.search.inputValue(), "-priority:low source:cloudtrail");
  assert.ok(await at.facets.getByRole("checkbox", { name: /Ivanti Connect Secure/ }).isVisible(), "the alternatives stay");
  await at.settled(() => at.rows.first().click());
  const user = await at.panel.locator("dd").nth(0).innerText();
  await at.settled(() => at.panel.getByRole("button", { name: `Exclude ${user}`, exact: true }).first().click());
  assert.match(await at.search.inputValue(), /-actor_[a-z_]+:/);
  assert.equal(await count(`${await at.search.inputValue()}`) + await count("source:cloudtrail actor_user_name:nobody"), await at.total());
  await done();
});

test("the address is the state", async () => {
  const first = await explorer("/explore");
  await first.at.run("outcome:(failure OR denied) -user:bob");
  await first.at.settled(() => first.at.rows.nth(3).click());
  await first.page.getByRole("tab", { name: "Raw" }).click();
  const address = first.page.url();
  const seen = async ({ page, at }) => [await at.total(), await at.rows.nth(3).innerText(), await at.rows.nth(3).getAttribute("aria-selected"), await page.locator(".k-panel pre").innerText()];
  const second = await explorer(address.slice(server.url.length));
  assert.deepEqual(await seen(second), await seen(first));
  assert.equal(await second.at.search.inputValue(), "outcome:(failure OR denied) -user:bob");
  assert.equal(address.includes(server.token), false);
  await first.done();
  await second.done();
});

test("by keyboard alone: search, move, open, exclude, close", async () => {
  const { page, at, done } = await explorer("/explore");
  await page.keyboard.press("/");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("source:ivanti-connect-secure");
  await at.settled(() => page.keyboard.press("Enter"));
  assert.equal(await at.total(), each);
  await page.keyboard.press("Escape");
  await at.list.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press("j");
  await page.keyboard.press("k");
  assert.equal(await at.rows.nth(1).getAttribute("aria-selected"), "true");
  assert.equal(await at.list.getAttribute("aria-activedescendant"), await at.rows.nth(1).getAttribute("id"));
  await at.panel.getByRole("tab", { name: "Overview" }).waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "event-panel");
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press("Tab");
    if (/^Exclude/.test(await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? ""))) break;
  }
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(ring, "none", "the focus is visible");
  await at.settled(() => page.keyboard.press("Enter"));
  assert.match(await at.search.inputValue(), /^source:ivanti-connect-secure -actor_/);
  await page.keyboard.press("Escape");
  assert.equal(at.parameter("ev"), null);
  await page.keyboard.press("t");
  await page.getByRole("button", { name: "Past 4 hours" }).waitFor();
  await page.keyboard.press("Escape");
  await done();
});

test("names and values are offered, and taken only when chosen", async () => {
  const { page, at, done } = await explorer("/explore?q=");
  await at.search.focus();
  await page.keyboard.type("outc");
  await page.getByRole("option", { name: /^outcome/ }).first().waitFor();
  await accessible(page, "with completions");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await at.search.inputValue(), "outcome:");
  await page.getByRole("option", { name: /^denied/ }).waitFor();
  await page.keyboard.type("den");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await at.search.inputValue(), "outcome:denied ");
  assert.equal(at.parameter("q"), "", "nothing ran yet");
  await page.keyboard.type("user:al");
  await page.getByRole("option", { name: /^alice/ }).waitFor();
  await at.settled(() => page.keyboard.press("Enter"));
  assert.equal(at.parameter("q"), "outcome:denied user:al", "Enter runs what was typed");
  await done();
});

test("an input method keeps its Enter", async () => {
  const { page, at, done } = await explorer("/explore?q=");
  const cdp = await page.context().newCDPSession(page);
  await at.search.focus();
  await cdp.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await page.evaluate(() => document.getElementById("query").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true })));
  assert.equal(at.parameter("q"), "", "nothing ran");
  await cdp.send("Input.insertText", { text: "日本" });
  await at.settled(() => at.search.press("Enter"));
  assert.equal(at.parameter("q"), "日本");
  await done();
});

test("what hostile senders write is inert and visible", async () => {
  const { page, at, done } = await explorer("/explore?q=source:generic");
  assert.equal(await at.rows.count(), hostile.length);
  for (let i = 0; i < hostile.length; i++) {
    await at.settled(() => at.rows.nth(i).click());
    for (const tab of ["Overview", "All fields", "Raw"]) await page.getByRole("tab", { name: tab }).click();
  }
  const text = await page.evaluate(() => document.body.innerText);
  assert.doesNotMatch(text, /[\u202a-\u202e\u0000\u001b\u200b]/);
  assert.match(text, /<img src=x onerror=/);
  assert.match(text, /⟨U\+202E⟩gnp\.exe/);
  assert.match(await page.title(), /Kiroku/);
  assert.equal(await page.locator("img[src=x], .k-row b, .k-row script").count(), 0);
  await done();
});

test("few rows are drawn, all are reached", async () => {
  const { page, at, done } = await explorer("/explore?q=");
  const all = 2 * each + hostile.length;
  await at.list.focus();
  for (let i = 0; i < 30 && (await page.getByText(`End: ${all.toLocaleString("en")} events`).count()) === 0; i++) {
    await at.settled(() => page.keyboard.press("End"));
    assert.ok(await at.rows.count() < 200, `${await at.rows.count()} rows are drawn`);
  }
  assert.equal(Number(await at.rows.last().getAttribute("aria-rowindex")), all + 1);
  await done();
});

test("an empty result is explained, and one click leads on", async () => {
  const { page, at, done } = await explorer("/explore?q=source:cloudtrail+user:nobody");
  await page.getByRole("heading", { name: "No events match" }).waitFor();
  await page.getByText(`Without user:nobody, ${each} events match.`).waitFor();
  await accessible(page, "without events");
  await at.settled(() => page.getByRole("button", { name: "Remove it" }).click());
  assert.equal(await at.total(), each);
  await at.settled(() => page.goto(`${server.url}/explore?q=source:cloudtrail&from=2001-01-01&to=2001-01-02`));
  await page.getByText(`At any time, ${each} events match.`).waitFor();
  await at.settled(() => page.getByRole("button", { name: "Search all time" }).click());
  assert.equal(await at.total(), each);
  await done();
});

test("a field that is called otherwise is told, and one click takes its name", async () => {
  const { page, at, done } = await explorer("/explore?q=sourc:cloudtrail");
  await page.getByText("No field is called sourc").waitFor();
  await accessible(page, "with a field that is called otherwise");
  await at.settled(() => page.getByRole("button", { name: "source", exact: true }).click());
  assert.equal(at.parameter("q"), "source:cloudtrail");
  assert.equal(await at.total(), each);
  await done();
});

test("drawing over the histogram narrows the range", async () => {
  const { page, at, done } = await explorer("/explore?q=");
  const before = await at.total();
  const box = await page.locator(".k-chart svg").boundingBox();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 40, { steps: 4 });
  await at.settled(() => page.mouse.up());
  const found = await at.total();
  assert.ok(found > 0 && found < before, `${found} of ${before}`);
  assert.equal((await api("count", { from: at.parameter("from"), to: at.parameter("to") })).count, found);
  await done();
});

test("times are of one zone, which is said", async () => {
  const { page, at, done } = await explorer("/explore?q=source:cloudtrail", { zone: "Asia/Tokyo" });
  const local = await at.rows.first().locator(".c-time").innerText();
  await at.list.focus();
  await page.keyboard.press("u");
  await page.waitForFunction((was) => document.querySelector(".k-row .c-time").innerText !== was, local);
  const utc = await at.rows.first().locator(".c-time").innerText();
  const hours = (text) => Number(/ (\d\d):/.exec(text)[1]);
  assert.equal((hours(utc) + 9) % 24, hours(local));
  assert.equal(at.parameter("tz"), "UTC");
  assert.equal(await page.locator(".k-list-head .k-zone").innerText(), "UTC");
  await done();
});

test("an export holds every event of the search", async () => {
  const { page, done } = await explorer("/explore?q=source:cloudtrail");
  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "JSON Lines" }).click()]);
  assert.match(download.suggestedFilename(), /^kiroku-\d{8}T\d{6}\.ndjson$/);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  assert.equal(lines.length, each);
  assert.ok(lines.every((l) => JSON.parse(l).source === "cloudtrail"));
  await done();
});

test("Japanese and the theme are switched without reload", async () => {
  const { page, at, done } = await explorer("/explore");
  await page.evaluate(() => { window.same = true; });
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitem", { name: "日本語" }).click();
  await page.getByText(`低優先度のイベント ${low} 件を非表示`).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ja");
  await page.getByRole("button", { name: "配色" }).click();
  await page.getByRole("menuitem", { name: "ダーク" }).click();
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === "dark");
  assert.equal(await page.evaluate(() => window.same), true);
  assert.ok(await at.search.isVisible());
  await page.reload({ waitUntil: "networkidle" });
  assert.equal(await page.evaluate(() => `${document.documentElement.lang} ${document.documentElement.dataset.mantineColorScheme}`), "ja dark");
  await done();
});

for (const [scheme, locale] of [["light", "en-US"], ["dark", "ja-JP"], ["light", "ja-JP"], ["dark", "en-US"]]) {
  test(`accessible in ${scheme}, ${locale}`, async () => {
    const { page, at, done } = await explorer("/explore?q=-priority:low", { scheme, locale });
    await accessible(page, "the list");
    await at.settled(() => at.rows.nth(1).click());
    await page.getByRole("tab").nth(1).click();
    await accessible(page, "an event");
    await page.getByRole("tab").first().click();
    await page.locator("[data-range]").click();
    await page.getByRole("textbox", { name: /^(From|開始)$/ }).waitFor();
    await accessible(page, "the time range");
    // Nothing overflows: the widest element is the window.
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await done();
  });
}

test("a page that could not be read is told, and asked for again; what was there stays", async () => {
  const { page, at, done } = await explorer("/explore?q=", { expected: [500] });
  let asked = 0;
  await page.route("**/api/v1/search", async (route) => {
    if (!route.request().postDataJSON().cursor || ++asked > 1) return route.continue();
    await route.fulfill({ status: 500, contentType: "application/problem+json",
      body: JSON.stringify({ type: "about:blank", title: "Internal Server Error", status: 500, detail: "read segment: input/output error", next: "Look into the log.", request_id: "abc123" }) });
  });
  await at.list.focus();
  await page.keyboard.press("End");
  await page.getByRole("alert").filter({ hasText: "read segment: input/output error Look into the log." }).filter({ hasText: "abc123" }).waitFor();
  await page.waitForTimeout(500);
  assert.equal(asked, 1, "it is not asked for again by itself");
  assert.ok(await at.rows.count() > 20);
  await at.settled(() => page.getByRole("button", { name: "Try again" }).click());
  assert.equal(await page.getByRole("alert").count(), 0);
  await page.keyboard.press("End");
  await at.settled(() => at.list.press("End"));
  assert.ok(Number(await at.rows.last().getAttribute("aria-rowindex")) > 250);
  await done();
});

test("of many runs in a row the last one shows", async () => {
  const { page, at, done } = await explorer("/explore?q=");
  for (const user of ["alice", "bob", "carol", "dave", "erin", "frank", "alice", "bob"]) {
    await at.search.fill(`user:${user}`);
    await at.search.press("Enter");
  }
  await at.settled(() => undefined);
  assert.equal(await at.total(), await count("user:bob"));
  assert.equal(at.parameter("q"), "user:bob");
  assert.ok((await page.locator(".k-row .c-user").allInnerTexts()).every((u) => u === "bob"));
  await done();
});

test("live: what arrives appears above, under the same search", async () => {
  const { page, at, done } = await explorer("/explore?q=source:generic+-message:noise");
  await page.getByRole("button", { name: "Live" }).click();
  assert.equal(at.parameter("live"), "1");
  await page.waitForTimeout(500);
  const [host, port] = server.syslog.split(":");
  await new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => socket.end("<13>noise here\n<13>the fox arrived\n", resolve));
    socket.once("error", reject);
  });
  await at.rows.filter({ hasText: "the fox arrived" }).waitFor();
  assert.match(await at.rows.first().innerText(), /the fox arrived/);
  assert.equal(await at.rows.filter({ hasText: "noise here" }).count(), 0);
  await page.getByRole("button", { name: "Live" }).click();
  await done();
});
