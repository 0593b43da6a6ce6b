// A real browser, and pages that note everything that a person with the developer tools open would see in red.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** launch starts Chromium. Root, as on the build machine, may not use its sandbox. The pages are our own. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox"] : [] });

/**
 * open loads an address as somebody who has signed in (token) or not. expected are the statuses of answers that are errors and
 * belong to the test; everything else that complains is in complaints.
 */
export async function open(browser, server, address, { token, scheme = "light", locale = "en-US", zone = "Asia/Tokyo", width = 1440, expected = [] } = {}) {
  const context = await browser.newContext({ colorScheme: scheme, locale, timezoneId: zone, viewport: { width, height: 900 }, reducedMotion: "reduce" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on("console", (m) => {
    const status = Number(/status of (\d+)/.exec(m.text())?.[1]);
    if (["error", "warning"].includes(m.type()) && !expected.includes(status)) complaints.push(`${m.type()}: ${m.text()}`);
  });
  page.on("pageerror", (e) => complaints.push(`exception: ${e.message}`));
  page.on("request", (r) => new URL(r.url()).origin === server.url || r.url().startsWith("blob:") || complaints.push(`other host: ${r.url()}`));
  page.on("response", (r) => r.status() >= 400 && !expected.includes(r.status()) && complaints.push(`${r.status()}: ${r.url()}`));
  await page.addInitScript((t) => {
    // Only for the first page of the tab: signing out must last.
    if (t && !sessionStorage.getItem("e2e")) sessionStorage.setItem("kiroku.token", t);
    sessionStorage.setItem("e2e", "1");
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective}: ${e.blockedURI} ${e.sample}`));
  }, token);
  const response = await page.goto(server.url + address, { waitUntil: "networkidle" });
  /** done closes the page; it must not have complained. */
  const done = async () => {
    assert.deepEqual(await page.evaluate(() => window.violations), [], "violations of the content security policy");
    assert.deepEqual(complaints, []);
    await context.close();
  };
  return { context, page, complaints, response, done };
}

/** accessible checks what is on the page now, with everything that is open on it. */
export async function accessible(page, what) {
  // Not a script element: the page's content security policy, rightly, allows none from elsewhere.
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.ok(found.passes.length > 15, `axe looked at ${found.passes.length} rules only`);
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => `${n.target}: ${n.failureSummary}`).join("; ")})`), [], what);
}
