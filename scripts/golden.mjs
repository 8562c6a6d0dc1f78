// Rewrites the generated files of the golden cases and deletes those that nothing makes any more.
// Usage: npm run golden [-- CASE...]   (after npm run build)
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generateCase, goldenCases, storedFiles } from "./golden/generate-case.mjs";

const root = new URL("../golden/", import.meta.url).pathname;
const wanted = process.argv.slice(2);
const workspace = mkdtempSync(join(tmpdir(), "golden-"));
let changed = 0;
for (const name of goldenCases(root)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const directory = join(root, name);
  const files = await generateCase(directory, workspace);
  const stored = storedFiles(directory);
  for (const [path, text] of files) {
    if (stored.get(path) === text) continue;
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
    console.log(`${stored.has(path) ? "changed" : "new    "}  ${name}/${path}`);
    changed += 1;
  }
  for (const path of stored.keys()) {
    if (files.has(path)) continue;
    rmSync(join(directory, path));
    console.log(`deleted  ${name}/${path}`);
    changed += 1;
  }
}
rmSync(workspace, { recursive: true });
console.log(`${changed} files changed`);
