// Starts the built binary on free ports with an empty data folder.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import os from "node:os";
import path from "node:path";

const binary = process.env.KIROKU ?? path.join(import.meta.dirname, "../../bin/kiroku");

/** serve resolves with the addresses, the administrator's token and one-time password, and a function that stops the service and removes its data. */
export async function serve() {
  const data = await mkdtemp(path.join(os.tmpdir(), "kiroku-e2e-"));
  const child = spawn(binary, ["serve", "--data", data, "--http", "127.0.0.1:0", "--syslog", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
  const said = [];
  const url = await new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => { child.kill("SIGKILL"); reject(new Error(`not ready after 30 s:\n${said.join("\n")}`)); }, 30_000);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${said.join("\n")}`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      said.push(line);
      const ready = /^ready http=(\S+)/.exec(line);
      if (ready) { clearTimeout(giveUp); resolve(`http://${ready[1]}`); }
    });
  });
  const token = (await readFile(path.join(data, "admin.token"), "utf8")).trim();
  async function stop() {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true });
  }
  const password = /one-time password (\S+)/.exec(said.join("\n"))?.[1];
  return { url, token, password, data, syslog: /^ready .*syslog=(\S+)/m.exec(said.join("\n"))?.[1], binary, stop };
}
