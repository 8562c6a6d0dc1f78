#!/usr/bin/env bash
# The README's first command: installs the runtime dependencies and the compiler (no tools of tests or lint), compiles, and
# says what the five Services of a shop do.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -f dist/cli/portolan.js ]; then
  compiler=node_modules
  if [ ! -x node_modules/.bin/tsc ]; then
    npm ci --omit=dev --ignore-scripts --no-progress --silent
    # npm omits a development dependency even when it is named: it gets a folder of its own, which npm ci removes.
    compiler=node_modules/.compiler/node_modules
    version=$(node -p 'JSON.parse(require("fs").readFileSync("package-lock.json", "utf8")).packages["node_modules/typescript"].version')
    npm install --prefix node_modules/.compiler --ignore-scripts --no-progress --silent "typescript@$version"
  fi
  # Types are checked by lint; without them, nothing else of the development dependencies is needed.
  node "$compiler/typescript/bin/tsc" -p tsconfig.json --noCheck --declaration false
  chmod +x dist/cli/portolan.js dist/cli/kubectl-portolan.js
fi
exec node dist/cli/portolan.js tour -f golden/shop/cluster.yaml
