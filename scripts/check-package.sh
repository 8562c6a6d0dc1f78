#!/usr/bin/env bash
# check-package.sh [TARBALL]: the package as a user gets it, built here unless one is given: its shape (publint, attw), a global
# installation without warnings that removes itself whole, a start from an empty folder, and a core without node:.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
  tarball=$1
else
  npm run --silent build:web
  npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
  tarball=$(echo "$work"/*.tgz)
fi
npx publint --strict "$tarball"
npx attw --profile esm-only "$tarball"
# Globally, without a word of npm about scripts that it should not run, or about deprecated packages.
said=$(npm install --global --loglevel=warn --no-progress --prefix "$work/global" "$tarball" 2>&1) || said="warn: it failed
$said"
if grep -qi warn <<<"$said"; then
  printf 'npm install --global is not silent:\n%s\n' "$said" >&2
  exit 1
fi
"$work/global/bin/portolan" --version | grep "^portolan $(node -p 'require("./package.json").version') "
test -s "$work/global/share/man/man1/portolan.1"
# It compiles what the build compiles.
for program in "$work/global/bin/portolan" dist/cli/portolan.js; do
  "$program" compile -f golden/service-python-nodeport/cluster.yaml >"$work/$(basename "$program").rules"
done
cmp "$work/portolan.rules" "$work/portolan.js.rules"
npm uninstall --global --silent --prefix "$work/global" portolan
left=$(find "$work/global" -name '*portolan*')
if [ -n "$left" ]; then
  printf 'npm uninstall --global leaves:\n%s\n' "$left" >&2
  exit 1
fi
mkdir "$work/empty"
cd "$work/empty"
npm install --silent --no-progress --prefix . "$tarball"
npx --no-install portolan --version
npx --no-install kubectl-portolan compile --help | head -1
test -s node_modules/portolan/dist/web/index.html
npx --no-install portolan compile -f node_modules/portolan/golden/service-python-nodeport/cluster.yaml | head -1
if grep -rlE "from \"node:" node_modules/portolan/dist --include='*.js' | grep -vE '/dist/(cli|host)/'; then
  echo "the files above import node: outside of cli/ and host/" >&2
  exit 1
fi
