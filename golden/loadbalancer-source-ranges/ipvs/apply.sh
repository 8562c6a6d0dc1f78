#!/bin/sh
# Programs this host with the rules for node node1: sh apply.sh, as root.
# Own chains are rewritten; jumps into them, sets, virtual servers and addresses are added where they are missing;
# everything else stays as it is. Running it twice changes nothing. What Services that are gone left is not removed.
set -eu
cd -- "$(dirname -- "$0")"

fail() { echo "apply.sh: $1" >&2; exit 4; }
[ "$(id -u)" = 0 ] || fail "must run as root"
for tool in ipset ipvsadm sysctl iptables-restore iptables ip; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed"
done

# jump TOOL TABLE CHAIN RULE...: a rule at the head of a built-in chain, unless it is there
jump() {
  tool=$1 table=$2
  shift 2
  "$tool" --wait 5 -t "$table" -C "$@" 2>/dev/null || "$tool" --wait 5 -t "$table" -I "$@"
}

# make the sets that rules ask for
ipset restore -exist < ipset.restore

# have the kernel load IPVS
ipvsadm -Sn >/dev/null

# make the virtual servers
missing=$(ipvsadm -Sn | grep -vxFf - ipvs.restore || :)
[ -z "$missing" ] || echo "$missing" | ipvsadm --restore

# set up the kernel for ipvs
sysctl -p - < sysctl.conf

# fill our own chains
iptables-restore --noflush --wait 5 < iptables.restore

# lead traffic into them
jump iptables filter OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
jump iptables filter FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
jump iptables filter FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
jump iptables filter INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
jump iptables filter INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
jump iptables filter INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
jump iptables nat POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
jump iptables nat OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
jump iptables nat PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES

# make the device that carries service addresses
ip link show kube-ipvs0 >/dev/null 2>&1 || ip link add kube-ipvs0 type dummy

# bind the service addresses
ip -batch - < addresses.batch
