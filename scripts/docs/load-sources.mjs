// Loads src/ as it is now, built or not: what `--help`, the catalog of diagnostics and the schemas say is read from there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What readSources of sources.ts gives. */
export async function loadSources() {
  const { readSources } = await importBundled();
  return readSources();
}

/** Packages stay where they are, so the file is below the root. */
async function importBundled() {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "docs-"));
  try {
    const outfile = join(folder, "sources.mjs");
    const { version, homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    await build({
      absWorkingDir: root,
      entryPoints: ["scripts/docs/sources.ts"],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      define: { PORTOLAN_MANIFEST: JSON.stringify({ version, homepage }) },
      logLevel: "error",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
