// Writes what README.md and src/web/docs/ quote again: the output below each command of a console block, and the picture.
// Usage: npm run docs   (after npm run build)
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents, picture, rewrite, root } from "./docs/quoted.mjs";

for (const path of documents()) {
  const old = readFileSync(join(root, path), "utf8");
  const text = rewrite(old);
  if (text === old) continue;
  writeFileSync(join(root, path), text);
  console.log(`changed  ${path}`);
}
writeFileSync(join(root, picture.path), picture.draw());
