#!/usr/bin/env bash
# The README's first command: installs the runtime dependencies and the compiler (no tools of tests or lint), builds, and
# says what the five Services of a shop do.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -x node_modules/.bin/tsc ]; then
  # The versions of package-lock.json: the lock file itself stays as it is.
  # shellcheck disable=SC2046 # a list of names
  npm install --no-save --omit=dev --ignore-scripts --no-progress --silent $(node -p '
    const { packages } = JSON.parse(require("fs").readFileSync("package-lock.json", "utf8"));
    ["typescript", "@types/node", "@types/js-yaml"].map((name) => `${name}@${packages[`node_modules/${name}`].version}`).join(" ")
  ')
fi
[ -f dist/cli/portolan.js ] || npm run --silent build
exec node dist/cli/portolan.js tour -f golden/shop/cluster.yaml
