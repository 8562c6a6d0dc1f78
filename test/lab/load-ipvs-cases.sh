#!/bin/sh
# load-ipvs-cases.sh TOOLS FOLDER [rules], by its full path: loads every FOLDER/CASE/ (files as `compile --mode ipvs --out-dir` writes
# them) into fresh network namespaces, with the iptables of the directory TOOLS, and saves what is there into
# FOLDER/CASE/saved/ for each way:
#   loaded               every file fed to its tool
#   applied, reapplied   apply.sh on a host with rules, a set and a virtual server of somebody else; then once more
#   WAY.status, WAY.log  ok, or the step that failed; what the tools said
# With `rules`, only what a kernel without IPVS can take: sets and the rules that ask for them, fed to their tools.
set -u

save_all() {
  for tool in iptables ip6tables; do
    [ ! -f "$tool.restore" ] || "$tool-save" >"saved/$1.$tool" || return 1
  done
  ipset save >"saved/$1.ipset"
  [ "$ways" != rules ] || return 0
  ipvsadm -Sn >"saved/$1.ipvs" &&
    ipvsadm -Ln --timeout >"saved/$1.timeouts" &&
    ip -j addr show kube-ipvs0 >"saved/$1.addresses" &&
    sysctl $(sed 's/ *=.*//' sysctl.conf) >"saved/$1.sysctl"
}

feed_rules() {
  for tool in iptables ip6tables; do
    [ -f "$tool.restore" ] || continue
    "$tool-restore" --noflush --wait 5 <"$tool.restore" || return 1
    "$tool-restore" --noflush --wait 5 <"$tool.jumps" || return 1
  done
}

feed_sets() { ipset restore -exist <ipset.restore; }

feed_settings() { sysctl -q -p - <sysctl.conf; }

feed_addresses() {
  ip link add kube-ipvs0 type dummy || return 1
  [ ! -f addresses.batch ] || ip -batch - <addresses.batch
}

feed_servers() {
  if [ -f ipvs.restore ]; then ipvsadm --restore <ipvs.restore || return 1; fi
  [ ! -f ipvs.timeouts ] || xargs ipvsadm <ipvs.timeouts
}

feed_foreign() {
  ipset create FOREIGN hash:ip || return 1
  ipvsadm -A -t 198.18.0.1:9 -s rr || return 1
  for tool in iptables ip6tables; do
    [ -f "$tool.restore" ] || continue
    "$tool-restore" --noflush <<'RULES' || return 1
*filter
:FOREIGN - [0:0]
-A INPUT -i foreign0 -j FOREIGN
-A FOREIGN -j RETURN
COMMIT
RULES
  done
}

step() {
  echo "$*" >"saved/$way.status"
  "$@" || exit 1
}

inside_rules() {
  step feed_sets
  step feed_rules
  step save_all rules
}

# In the order of the files' names in the documentation, which is not the order of apply.sh.
inside_loaded() {
  step feed_settings
  step feed_addresses
  step feed_sets
  step feed_rules
  step feed_servers
  step save_all loaded
}

inside_applied() {
  step feed_foreign
  step sh apply.sh
  step save_all applied
  step sh apply.sh
  step save_all reapplied
}

if [ "$1" = --inside ]; then
  way=$2 ways=$2
  cd "$3" || exit 1
  # A host without any address has no table of local routes, and then IPVS takes no endpoint for a unicast address.
  step ip link set lo up
  "inside_$way"
  echo ok >"saved/$way.status"
  exit
fi

export PATH="$1:$PATH"
cd "$2" || exit 1
case ${3-} in rules) ways=rules ;; *) ways="loaded applied" ;; esac
for name in */; do
  export XTABLES_LOCKFILE="$PWD/${name}lock"
  mkdir -p "${name}saved"
  for way in $ways; do
    unshare -n sh "$0" --inside "$way" "$PWD/$name" >"${name}saved/$way.log" 2>&1
  done
done
exit 0
