#!/usr/bin/env node
// Puts the command line's modules into few files, over what tsc wrote for its two entry points: the program then starts in half
// the time, for most of a start is finding, reading and linking modules. What a command alone needs stays a file of its own.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/portolan.ts", "src/cli/kubectl-portolan.ts"],
  outdir: "dist/cli",
  // Beside the entry points, so that paths relative to a module (package.json) are what they are in src/.
  chunkNames: "bundled-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Large, and needed by few commands.
  external: ["@kubernetes/client-node", "execa", "prom-client"],
  // Packages in CommonJS that are bundled ask for modules of Node.
  banner: {
    js: 'import { createRequire as createRequireOfNode } from "node:module"; const require = createRequireOfNode(import.meta.url);',
  },
  // A bug report shows functions by their names.
  keepNames: true,
  logLevel: "warning",
});
