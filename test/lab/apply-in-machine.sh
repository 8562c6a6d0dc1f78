# Runs inside a machine with IPVS: apply, switch modes, fail, be killed, clean up. Needs PORTOLAN (a command), the
# folders tools and faults, first.json and second.json here. Writes what each step left behind into out/.
cd /tmp/task || exit 1
mkdir out
ip link set lo up
ip link add eth0 type dummy && ip link set eth0 up && ip addr add 192.0.2.10/24 dev eth0
export REAL_PATH="/tmp/task/tools:$PATH" NO_COLOR=1
export PATH="/tmp/task/faults:$REAL_PATH" FAULT_COUNT=/tmp/count

save() {
  {
    iptables-save | sed '/^#/d; s/ \[[0-9]*:[0-9]*\]$//' | grep '^-A' | sort
    ipset save | sed 's/ hashsize [0-9]*//; s/ bucketsize [0-9]*//; s/ initval [0-9a-fx]*//' | sort
    ipvsadm -Sn | sort
    ip -o addr show dev kube-ipvs0 2>/dev/null | sed 's/^[0-9]*: //' | sort
    sysctl -e net.ipv4.vs.conntrack net.ipv4.conf.all.route_localnet
  } > "out/$1"
}

portolan() {
  name=$1
  shift
  rm -f "$FAULT_COUNT"
  $PORTOLAN "$@" > "out/$name.stdout" 2> "out/$name.stderr"
  echo "$name $?" >> out/codes
}

apply() {
  portolan "$1" apply -f "$2.json" --mode "$3" --backup-dir /tmp/backups
}

verify() {
  portolan "$1" verify -f "$2.json" --mode "$3"
}

ipset create FOREIGN hash:ip family inet
ipset add FOREIGN 198.51.100.9
iptables -A INPUT -m set --match-set FOREIGN src -j DROP
ipvsadm -A -t 198.18.0.1:9 -s rr
ipvsadm -a -t 198.18.0.1:9 -r 198.18.0.2:9 -m
ipvsadm -A -t 192.0.2.10:8443 -s wrr
save before

apply ipvs-first first ipvs
verify ipvs-first-verified first ipvs
apply ipvs-second second ipvs
verify ipvs-second-verified second ipvs
ipvsadm -d -t 10.96.0.3:80 -r 10.244.1.6:8080
ip addr del 10.96.0.1/32 dev kube-ipvs0
ipset del KUBE-CLUSTER-IP 10.96.0.1,tcp:80
verify broken second ipvs
apply mended second ipvs
verify mended-verified second ipvs

# Every step of a switch of modes made to fail: the host is as it was.
save switch-before
$PORTOLAN plan -f first.json --mode iptables -o json > out/switch.plan
steps=$(grep -c '"purpose"' out/switch.plan)
steps=${STEPS:-$steps}
at=1
while :; do
  export FAULT=after FAULT_AT=$at
  apply "fault-$at" first iptables
  unset FAULT
  [ "$(tail -1 out/codes)" = "fault-$at 5" ] || break
  save "fault-$at"
  at=$((at + 1))
done

# Past the last step nothing fails, so now it is in iptables mode.
verify switched first iptables
save switched

# Killed after each step, there and back in turn: the next apply brings it to what is wanted.
at=1
while :; do
  if [ $((at % 2)) = 1 ]; then state=second mode=ipvs; else state=first mode=iptables; fi
  export FAULT=kill-after FAULT_AT=$at
  apply "kill-$at" $state $mode
  unset FAULT
  [ "$(tail -1 out/codes)" = "kill-$at 137" ] || break
  apply "after-kill-$at" $state $mode
  at=$((at + 1))
done

portolan cleanup cleanup --backup-dir /tmp/backups
save after

ipvsadm -D -t 198.18.0.1:9
ipvsadm -D -t 192.0.2.10:8443

# A rule of others asks for a set of ours: it is emptied and stays.
apply held-first first ipvs
iptables -A FORWARD -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
portolan held-cleanup cleanup --backup-dir /tmp/backups
ipset save KUBE-CLUSTER-IP > out/held
iptables -D FORWARD -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
portolan held-again cleanup --backup-dir /tmp/backups
save held-after
