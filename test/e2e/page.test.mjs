// The console's page in a real browser, served by the built binary: it opens without errors or requests to other hosts, is
// accessible, and looks right in light and dark. The screenshots of the documentation come from here.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.KIROKU_SCREENSHOTS ?? path.join(import.meta.dirname, "out");

let server, browser;

before(async () => {
  server = await serve();
  // Root, as on the build machine, may not use Chromium's sandbox. The page is our own.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
  await mkdir(pictures, { recursive: true });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** open loads a page and notes everything that a person with the developer tools open would see in red. */
async function open(colorScheme, address = "/") {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 720 }, bypassCSP: false });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && complaints.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => complaints.push(`exception: ${e.message}`));
  page.on("requestfailed", (r) => complaints.push(`failed: ${r.url()}`));
  page.on("request", (r) => new URL(r.url()).origin === server.url || complaints.push(`other host: ${r.url()}`));
  page.on("response", (r) => r.status() >= 400 && complaints.push(`${r.status()}: ${r.url()}`));
  const response = await page.goto(server.url + address, { waitUntil: "networkidle" });
  return { context, page, complaints, response };
}

for (const scheme of ["light", "dark"]) {
  test(`the page opens in ${scheme}`, async () => {
    const { context, page, complaints, response } = await open(scheme);
    assert.equal(response.status(), 200);
    assert.match(response.headers()["content-security-policy"] ?? "", /default-src 'self'/);
    assert.equal(await page.title(), "Kiroku");
    assert.ok(await page.getByRole("heading", { name: /Kiroku/ }).isVisible());
    const [r, g, b] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g).map(Number);
    assert.equal(r + g + b < 384, scheme === "dark", `background is rgb(${r}, ${g}, ${b})`);
    await page.screenshot({ path: path.join(pictures, `console-${scheme}.png`) });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test(`the page is accessible in ${scheme}`, async () => {
    const { context, page } = await open(scheme);
    // Not a script element: the page's content security policy, rightly, allows none from elsewhere.
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    assert.ok(found.passes.length > 5, `axe looked at ${found.passes.length} rules only`);
    assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target).join(", ")})`), []);
    await context.close();
  });
}

test("every address of the console is the page, a missing file is not", async () => {
  const { context, response, complaints } = await open("light", "/search");
  assert.equal(response.status(), 200);
  assert.deepEqual(complaints, []);
  await context.close();
  assert.equal((await fetch(server.url + "/missing.js")).status, 404);
});

test("the API asks for a token, health does not", async () => {
  const refused = await fetch(server.url + "/api/v1/status");
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("content-type"), /application\/problem\+json/);
  assert.ok((await refused.json()).next, "the problem says what to do next");
  assert.equal((await fetch(server.url + "/healthz")).status, 200);
  const allowed = await fetch(server.url + "/api/v1/status", { headers: { authorization: `Bearer ${server.token}` } });
  assert.equal(allowed.status, 200);
});
