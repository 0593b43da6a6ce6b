// What the built binary serves beside the API: the page, its files, and what they may do.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { serve } from "./server.mjs";

let server;

before(async () => { server = await serve(); });
after(async () => { await server?.stop(); });

test("every address of the console is the page, a missing file is not", async () => {
  for (const address of ["/", "/explore", "/alerts/7"]) {
    const response = await fetch(server.url + address);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /<title>Kiroku<\/title>/);
    assert.match(response.headers.get("content-security-policy"), /default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.equal(response.headers.get("cache-control"), "no-cache");
  }
  assert.equal((await fetch(server.url + "/missing.js")).status, 404);
});

test("the scripts are sent as they were compressed, and kept by the browser for good", async () => {
  const page = await (await fetch(server.url)).text();
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
  assert.ok(script, "the console is built into the binary");
  for (const encoding of ["br", "gzip"]) {
    const response = await fetch(server.url + script, { headers: { "accept-encoding": encoding } });
    assert.equal(response.headers.get("content-encoding"), encoding);
    assert.match(response.headers.get("cache-control"), /immutable/);
    assert.match(response.headers.get("content-type"), /^text\/javascript/);
    assert.match(await response.text(), /createElement/);
  }
});

test("the licences of what the console is made of are there", async () => {
  const response = await fetch(server.url + "/licences.txt");
  assert.match(response.headers.get("content-type"), /^text\/plain/);
  const text = await response.text();
  for (const part of ["react-dom", "@mantine/core", "@fontsource-variable/inter", "SIL OPEN FONT LICENSE"]) assert.ok(text.includes(part), part);
});

test("the API asks for a token, its description and health do not", async () => {
  const refused = await fetch(server.url + "/api/v1/status");
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("content-type"), /application\/problem\+json/);
  assert.ok((await refused.json()).next, "the problem says what to do next");
  assert.equal((await fetch(server.url + "/healthz")).status, 200);
  assert.equal((await fetch(server.url + "/api/v1/openapi.yaml")).status, 200);
  const allowed = await fetch(server.url + "/api/v1/status", { headers: { authorization: `Bearer ${server.token}` } });
  assert.equal(allowed.status, 200);
});
