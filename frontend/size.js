// What the first page loads before anything is clicked, in gzipped bytes of JavaScript: the entry, and what it imports at once.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 250_000;
const manifest = JSON.parse(readFileSync(new URL("dist/.vite/manifest.json", import.meta.url), "utf8"));
const seen = new Set();

function take(name) {
  if (seen.has(name)) return;
  seen.add(name);
  for (const next of manifest[name].imports ?? []) take(next);
}

take("index.html");
take("src/pages/Overview.tsx"); // the first page itself is loaded late, but always
const sizes = [...seen].map((name) => [gzipSync(readFileSync(new URL(`dist/${manifest[name].file}`, import.meta.url))).length, manifest[name].file]);
const total = sizes.reduce((sum, [size]) => sum + size, 0);
console.log(`first page: ${total} bytes of gzipped JavaScript in ${sizes.length} files, at most ${LIMIT}`);
if (total > LIMIT) process.exit(1);
