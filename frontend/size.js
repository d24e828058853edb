// Check the size of the first page: the gzipped JavaScript of the entry, of the overview, and of everything that they import statically.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 250_000;
const manifest = JSON.parse(readFileSync(new URL("dist/.vite/manifest.json", import.meta.url), "utf8"));
const seen = new Set();

function collect(name) {
  if (seen.has(name)) return;
  seen.add(name);
  for (const next of manifest[name].imports ?? []) collect(next);
}

collect("index.html");
collect("src/pages/Overview.tsx"); // loaded lazily, but always
const sizes = [...seen].map((name) => [gzipSync(readFileSync(new URL(`dist/${manifest[name].file}`, import.meta.url))).length, manifest[name].file]);
const total = sizes.reduce((sum, [size]) => sum + size, 0);
console.log(`first page: ${total} bytes of gzipped JavaScript in ${sizes.length} files, at most ${LIMIT}`);
if (total > LIMIT) process.exit(1);
