import { describe, expect, it } from "vitest";
import { describeRule } from "../../../src/languages/iptables/describe-rule.ts";
import { parseRule } from "../../../src/languages/iptables/parse-rule.ts";
import { ownChains } from "../../../src/programs/registry.ts";

describe("describeRule", () => {
  it.each([
    ["-s 10.0.1.5/32 -j KUBE-MARK-MASQ", "from 10.0.1.5: mark for masquerade"],
    [
      "! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment x -m tcp --dport 80 -j KUBE-SVC-X",
      "not from 10.244.0.0/16, to 10.96.0.10, TCP, to port 80: jump to KUBE-SVC-X",
    ],
    ["! -d ::1/128 -j KUBE-NODEPORTS", "not to ::1: jump to KUBE-NODEPORTS"],
    ["-i veth+ -j ACCEPT", "arriving on an interface veth*: accept, and skip the remaining rules of this table"],
    ["! -i cbr0 -j DROP", "not arriving on cbr0: drop silently"],
    ["-m addrtype --dst-type LOCAL -j RETURN", "to an address of this node: return from this chain"],
    ["-m addrtype ! --src-type BROADCAST -j X", "not from an address of type BROADCAST: jump to X"],
    ["-m conntrack --ctstate RELATED,ESTABLISHED -j X", "in conntrack state RELATED or ESTABLISHED: jump to X"],
    ["-m conntrack ! --ctstate DNAT -j X", "in conntrack state not DNAT: jump to X"],
    ["-m mark ! --mark 0x4000/0x4000 -j RETURN", "without mark 0x4000: return from this chain"],
    ["-m mark --mark 0x1/0xff -j X", "with mark 0x1 in bits 0xff: jump to X"],
    ["-j MARK --set-xmark 0x4000/0x4000", "every packet: set bits 0x4000 of the mark"],
    ["-j MARK --set-xmark 0x4000/0x0", "every packet: flip bits 0x4000 of the mark"],
    ["-j MARK --set-xmark 0x1/0xffffffff", "every packet: set the mark to 0x1"],
    ["-m statistic --mode random --probability 0.33333333349 -j X", "33.3% at random: jump to X"],
    ["-m statistic --mode random ! --probability 0.25000000000 -j X", "75% at random: jump to X"],
    ["-p udp -m udp --dport 53:55 -j X", "UDP, to port 53 up to 55: jump to X"],
    [
      "-p tcp -m recent --set --name KUBE-SEP-A --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.0.1:80",
      "TCP, after its source is added to list KUBE-SEP-A: DNAT to 10.0.0.1:80",
    ],
    [
      "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A",
      "whose source is in list KUBE-SEP-A, seen in the last 10800 s: jump to KUBE-SEP-A",
    ],
    [
      "-m set --match-set KUBE-LOOP-BACK dst,dst,src -j X",
      "whose destination and source are in set KUBE-LOOP-BACK: jump to X",
    ],
    ["-m set ! --match-set A dst -j X", "whose destination is not in set A: jump to X"],
    ["-m ipvs --vproto 6 --vaddr 10.0.0.1 --vport 80 -j X", "handled by IPVS for TCP 10.0.0.1:80: jump to X"],
    ["-m physdev ! --physdev-is-in -j X", "not arriving on a bridge port: jump to X"],
    ["-m nfacct --nfacct-name  dropped -j DROP", "counted in dropped: drop silently"],
    ["-m bpf --bytecode 4 -j X", "if -m bpf --bytecode 4 (not understood): jump to X"],
    ["-j REJECT --reject-with icmp-port-unreachable", "every packet: reject with icmp-port-unreachable"],
    ["-j LOG --log-prefix a", "every packet: -j LOG --log-prefix a (not understood)"],
    ["-j MASQUERADE --random-fully", "every packet: masquerade: SNAT to this node's address, random source port"],
    ["-m comment --comment nothing", "every packet: do nothing, continue with the next rule"],
  ])("%s", (text, words) => {
    const read = parseRule({ text: `-A CHAIN ${text}`, line: 1, counters: undefined });
    expect(read.kind === "rule" && describeRule(read.rule, ownChains)).toBe(words);
  });
});
