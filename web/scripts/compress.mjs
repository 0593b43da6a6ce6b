// Puts .br and .gz beside every file of the build that gets smaller by it. The service sends them as they are: compressing at
// request time would keep the first visitor waiting.
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = path.join(import.meta.dirname, "../dist");
let total = 0;
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.isFile() || !/\.(js|css|html|svg|txt)$/.test(entry.name)) continue;
  const bytes = await readFile(file);
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const gz = gzipSync(bytes, { level: 9 });
  if (br.length < bytes.length) await writeFile(`${file}.br`, br);
  if (gz.length < bytes.length) await writeFile(`${file}.gz`, gz);
  if (/\.(js|css)$/.test(entry.name)) total += gz.length;
  console.log(`${path.relative(dist, file).padEnd(40)} ${bytes.length} bytes, gzip ${gz.length}, brotli ${br.length}`);
}
// What a first visit may cost (docs/decisions/0010-console.md).
const budget = 250_000;
if (total > budget) throw new Error(`scripts and styles are ${total} bytes gzipped, more than the ${budget} that they may be`);
