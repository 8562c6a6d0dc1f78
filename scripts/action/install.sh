#!/bin/sh
# Builds Portolan in the repository that holds this action, unless another program is to be run or it is built already.
set -eu

[ -z "${PORTOLAN_COMMAND:-}" ] || exit 0
cd -- "$(dirname -- "$0")/../.."
[ ! -e dist/cli/portolan.js ] || exit 0
npm install --no-audit --no-fund --no-progress
