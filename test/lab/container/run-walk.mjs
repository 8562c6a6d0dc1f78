// run-walk.mjs FOLDER: runs in a machine, where the TypeScript beside it has become JavaScript. Reads
// FOLDER/route.json and writes FOLDER/walk.json.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { walkThrough } from "./walk.js";

const [, , folder] = process.argv;
const walk = await walkThrough(JSON.parse(readFileSync(join(folder, "route.json"), "utf8")));
writeFileSync(join(folder, "walk.json"), JSON.stringify(walk));
