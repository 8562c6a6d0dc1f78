#!/bin/sh
# Programs this host with the rules for node node1: sh apply.sh, as root.
# Own chains are rewritten; jumps into them, sets, virtual servers and addresses are added where they are missing;
# everything else stays as it is. Running it twice changes nothing. What Services that are gone left is not removed.
set -eu
cd -- "$(dirname -- "$0")"

fail() { echo "apply.sh: $1" >&2; exit 4; }
[ "$(id -u)" = 0 ] || fail "must run as root"
for tool in iptables-restore iptables sysctl; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed"
done

# jump TOOL TABLE CHAIN RULE...: a rule at the head of a built-in chain, unless it is there
jump() {
  tool=$1 table=$2
  shift 2
  "$tool" --wait 5 -t "$table" -C "$@" 2>/dev/null || "$tool" --wait 5 -t "$table" -I "$@"
}

# fill our own chains
iptables-restore --noflush --wait 5 < iptables.restore

# lead traffic into them
jump iptables filter OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
jump iptables filter OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
jump iptables filter OUTPUT -j KUBE-FIREWALL
jump iptables filter FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
jump iptables filter FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
jump iptables filter FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
jump iptables filter FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
jump iptables filter INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
jump iptables filter INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
jump iptables filter INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
jump iptables filter INPUT -j KUBE-FIREWALL
jump iptables nat POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
jump iptables nat OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
jump iptables nat PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES

# let node ports answer on 127.0.0.1
sysctl -p - < sysctl.conf
