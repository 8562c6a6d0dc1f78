#!/usr/bin/env node
// Puts the command line's modules into few files, over what tsc wrote for its two entry points: the program then starts in half
// the time, for most of a start is finding, reading and linking modules. What a command alone needs stays a file of its own.
// Usage: node scripts/bundle.mjs [FOLDER]    FOLDER: what tsc wrote (default: dist)
import { chmodSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What every bundle of the command line has in common. */
export const commandLine = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Packages in CommonJS that are bundled ask for modules of Node.
  banner: {
    js: 'import { createRequire as createRequireOfNode } from "node:module"; const require = createRequireOfNode(import.meta.url);',
  },
  logLevel: "warning",
  // The client of Kubernetes does not say that its modules do nothing when they are loaded: without this, all are kept for the one used.
  plugins: [{ name: "client without its API", setup: leaveOutUnusedClient }],
};

function leaveOutUnusedClient(bundler) {
  const isAsked = Symbol("asked");
  bundler.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
    if (pluginData === isAsked || !`${importer} ${path}`.includes("@kubernetes/client-node")) return;
    const found = await bundler.resolve(path, { importer, kind, resolveDir, pluginData: isAsked });
    return { ...found, sideEffects: false };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = ["portolan", "kubectl-portolan", "kubectl-complete-portolan"];
  const outdir = join(resolve(process.argv[2] ?? join(root, "dist")), "cli");
  await build({
    ...commandLine,
    entryPoints: names.map((name) => `src/cli/${name}.ts`),
    outdir,
    splitting: true,
    // Beside the entry points, so that paths relative to a module (package.json) are what they are in src/.
    chunkNames: "bundled-[hash]",
  });
  for (const name of names) chmodSync(join(outdir, `${name}.js`), 0o755);
}
