// Writes what README.md and src/web/docs/ quote again: the output below each command of a console block, and the
// pictures with the command that draws each.
// Usage: npm run docs   (after npm run build)
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents, draw, picturesIn, rewrite, root } from "./docs/quoted.mjs";

for (const path of documents()) {
  const old = readFileSync(join(root, path), "utf8");
  write(path, old, rewrite(old));
  for (const picture of picturesIn(path, old)) {
    const file = join(root, picture.path);
    write(picture.path, existsSync(file) ? readFileSync(file, "utf8") : "", draw(picture));
  }
}

function write(path, old, text) {
  if (text === old) return;
  writeFileSync(join(root, path), text);
  console.log(`changed  ${path}`);
}
