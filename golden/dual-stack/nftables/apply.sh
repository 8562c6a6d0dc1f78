#!/bin/sh
# Programs this host with the rules for node node1: sh apply.sh, as root.
# Own chains are rewritten; jumps into them, sets, virtual servers and addresses are added where they are missing;
# everything else stays as it is. Running it twice changes nothing. What Services that are gone left is not removed.
set -eu
cd -- "$(dirname -- "$0")"

fail() { echo "apply.sh: $1" >&2; exit 4; }
[ "$(id -u)" = 0 ] || fail "must run as root"
for tool in nft; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed"
done

# make the table, in one transaction
nft -f - < nftables.ip.nft

# make the table, in one transaction
nft -f - < nftables.ip6.nft
