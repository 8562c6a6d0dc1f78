import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** States, and what the real programs do with them: test/conformance/README.md. */
export const corpusFolder = join(repository, "test/conformance");

/** Where a newer corpus may be: PORTOLAN_SHARED/conformance, by default beside the repository. */
const newerFolder = join(resolve(repository, process.env.PORTOLAN_SHARED ?? "../shared"), "conformance");

/**
 * The cases of one folder of the corpus (`cases`, `flows`, `dns` ...), by name: those of the repository, then those of
 * a newer corpus that are not the same, with its name behind theirs.
 */
export function corpusCases(kind) {
  const own = casesIn(join(corpusFolder, kind)).map((one) => ({ ...one, isNewer: false }));
  const digests = new Map(own.map(({ name, folder }) => [name, digestOf(folder)]));
  const newer = casesIn(join(newerFolder, kind)).filter(({ name, folder }) => digests.get(name) !== digestOf(folder));
  return [...own, ...newer.map(({ name, folder }) => ({ name: `${name} (newer)`, folder, isNewer: true }))];
}

function casesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, folder: join(folder, name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function digestOf(folder) {
  const hash = createHash("sha256");
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of paths)
    hash
      .update(`${path.slice(folder.length)}\0`)
      .update(readFileSync(path))
      .update("\0");
  return hash.digest("hex");
}
