// Signing in and out, in a real browser.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { accessible, launch, open } from "./browser.mjs";
import { serve } from "./server.mjs";

let server, browser;

before(async () => {
  server = await serve();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the one-time password is changed first; the page that was asked for opens", async () => {
  const { page, done } = await open(browser, server, "/explore?q=user:alice", { expected: [401] });
  await accessible(page, "sign-in");
  await page.getByRole("textbox", { name: "Password" }).fill("wrong-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByRole("textbox", { name: "Password" }).fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Choose a password" }).waitFor();
  await accessible(page, "the new password");
  await page.getByRole("textbox", { name: "New password" }).fill("correct horse battery");
  await page.getByRole("textbox", { name: "The same again" }).fill("correct horse batterie");
  await page.getByText("The two differ.").waitFor();
  await page.getByRole("textbox", { name: "The same again" }).fill("correct horse battery");
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await page.getByRole("textbox", { name: "Search" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Search" }).inputValue(), "user:alice");
  await page.getByRole("heading", { name: "Nothing is stored yet" }).waitFor();
  await accessible(page, "nothing stored");

  // A session that the server has ended leads back to where one was.
  const token = await page.evaluate(() => sessionStorage.getItem("kiroku.token"));
  await fetch(`${server.url}/api/v1/logout`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByText("Your session has ended.").waitFor();
  await page.getByRole("textbox", { name: "Password" }).fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.equal(await page.getByRole("textbox", { name: "Search" }).inputValue(), "user:alice");

  // Signing out ends the session on the server too.
  const second = await page.evaluate(() => sessionStorage.getItem("kiroku.token"));
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("tab", { name: "API token" }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem("kiroku.token")), null);
  const after = await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${second}` } });
  assert.equal(after.status, 401);
  await done();
});

test("an API token; a wrong one says where a right one lies", async () => {
  const { page, done } = await open(browser, server, "/", { expected: [401] });
  await page.getByRole("tab", { name: "API token" }).click();
  await page.getByRole("textbox", { name: "API token" }).fill("kiro_nothing_nobody");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("cat DATA/admin.token").waitFor();
  await page.getByRole("textbox", { name: "API token" }).fill(`  ${server.token}\n`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("textbox", { name: "Search" }).waitFor();
  assert.equal(page.url(), `${server.url}/explore`);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("tab", { name: "API token" }).waitFor();
  // The token belongs to the administrator, not to this tab: it goes on working.
  assert.equal((await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${server.token}` } })).status, 200);
  await done();
});

test("a server that is gone is told as such", async () => {
  const { page, context } = await open(browser, server, "/");
  await context.setOffline(true);
  await page.getByRole("textbox", { name: "Password" }).fill("anything");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "The server does not answer." }).waitFor();
  await context.close();
});
