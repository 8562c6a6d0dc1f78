#!/bin/sh
# Runs portolan with the iptables of the node's back end, legacy or nft: the two do not see each other's rules.
# How it is told is the convention of kubernetes-sigs/iptables-wrappers: since Kubernetes 1.17 the kubelet makes a
# chain of a known name in the table mangle. PORTOLAN_IPTABLES=legacy or =nft decides instead.
set -eu

saved() { "xtables-$1-multi" "$2" 2>/dev/null || :; }
has_hint() { printf '%s\n' "$rules" | grep -qE '^:(KUBE-IPTABLES-HINT|KUBE-KUBELET-CANARY) '; }
count() { printf '%s\n' "$rules" | grep -c '^-' || :; }

# Without -t: asked for a table that is not there, legacy would make it.
choose() {
  rules=$(saved nft iptables-save; saved nft ip6tables-save)
  if has_hint; then echo nft && return; fi
  nft=$(count)
  rules=$(saved legacy iptables-save; saved legacy ip6tables-save)
  if has_hint || [ "$(count)" -gt "$nft" ]; then echo legacy; else echo nft; fi
}

PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
backend=${PORTOLAN_IPTABLES:-$(choose)}
tools=${PORTOLAN_TOOLS:-/opt/portolan/tools}/$backend
if [ ! -x "$tools/iptables" ]; then
  echo "portolan: no iptables of the back end $backend: $tools" >&2
  exit 4
fi
export PATH="$tools:$PATH"
exec portolan "$@"
