// Writes dist/licences.txt: the licences of everything that the console's files are made of, as their authors ask for.
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const web = path.join(import.meta.dirname, "..");
const { packages } = JSON.parse(await readFile(path.join(web, "package-lock.json"), "utf8"));
const parts = [];
for (const [folder, about] of Object.entries(packages)) {
  if (folder === "" || about.dev || about.devOptional) continue;
  const files = (await readdir(path.join(web, folder))).filter((name) => /^licen[cs]e/i.test(name));
  const texts = await Promise.all(files.map((name) => readFile(path.join(web, folder, name), "utf8")));
  parts.push(`${folder.replace(/^.*node_modules\//, "")} ${about.version} (${about.license})\n\n${texts.join("\n").trim()}\n`);
}
await writeFile(path.join(web, "dist/licences.txt"), parts.join(`\n${"-".repeat(80)}\n\n`));
