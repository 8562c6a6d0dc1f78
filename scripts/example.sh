#!/usr/bin/env bash
# The README's first command: installs the runtime dependencies and the compiler (no tools of tests or lint), compiles the
# command line, and says what the five Services of a shop do. npm run build makes the library and the types as well.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -f dist/cli/portolan.js ]; then
  if [ ! -e node_modules/esbuild ]; then
    npm ci --omit=dev --ignore-scripts --no-progress --silent
    # npm omits a development dependency even when it is named: it gets a folder of its own, which npm ci removes.
    version=$(node -p 'JSON.parse(require("fs").readFileSync("package-lock.json", "utf8")).packages["node_modules/esbuild"].version')
    npm install --prefix node_modules/.compiler --ignore-scripts --no-progress --silent "esbuild@$version"
    ln -s .compiler/node_modules/esbuild node_modules/esbuild
  fi
  node scripts/bundle.mjs
fi
exec node dist/cli/portolan.js tour -f golden/shop/cluster.yaml
