#!/usr/bin/env bash
# The package as a user gets it: its shape (publint, attw), a global installation without warnings, a start from an empty
# folder, and a core without node:.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm run --silent build:web
npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
tarball=$(echo "$work"/*.tgz)
npx publint --strict "$tarball"
npx attw --profile esm-only "$tarball"
# Globally, without a word of npm about scripts that it should not run, or about deprecated packages.
said=$(npm install --global --loglevel=warn --no-progress --prefix "$work/global" "$tarball" 2>&1) || said="warn: it failed
$said"
if grep -qi warn <<<"$said"; then
  printf 'npm install --global is not silent:\n%s\n' "$said" >&2
  exit 1
fi
"$work/global/bin/portolan" --version
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
