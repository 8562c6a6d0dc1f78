import type { CatalogPart } from "./entry.ts";

/** Faults in the output of iptables-save, ipset and ipvsadm: findings of `portolan check --actual`. */
export const checkTextCodes = {
  "dump-unreadable": {
    severity: "error",
    message: "cannot read {path}: {reason}",
    explanation: "The file or folder given by --actual could not be opened or read as text.",
  },
  "dump-unrecognised": {
    severity: "error",
    message: "{problem}",
    hint: "pass output of portolan collect, iptables-save, iptables -S or -L, nft list ruleset, ipset save or list, ipvsadm -Sn or -Ln, conntrack -L, ip addr or ip route, or a folder written by compile --out-dir",
    explanation:
      "Each line of a text shows which command printed it: *TABLE, :CHAIN and -A CHAIN for iptables-save, create and add for ipset save, -A -t, -A -u or -A --sctp-service for ipvsadm -Sn, headings for portolan collect and for listings. What surrounds such lines in a page, a terminal or a log is ignored. No line of this text is of such a form.",
  },
  "dump-lines-left-out": {
    severity: "info",
    message: "{problem}",
    explanation:
      "A text may contain more than what tools print: prose, prompts, other commands' output. Lines that no tool prints are named and left out. If one of them is a rule, findings about the rest may be incomplete.",
  },
  "dump-assumed": {
    severity: "info",
    message: "{problem}",
    explanation:
      "Some texts do not show everything: iptables -S does not print the table, a part of a dump lacks other rules, iptables -L without -v does not print interfaces, and a file may hold the rules of iptables-legacy and of iptables-nft. Portolan says what it assumes.",
  },
  "dump-line-broken": {
    severity: "error",
    message: "{problem}",
    explanation:
      "The tool does not print a line of this form, or the text is truncated. The unreadable line may be a rule, so findings about the rest of the text would not be reliable.",
  },
  "rule-unreachable": {
    severity: "warning",
    message: "no packet reaches {rules}: an earlier rule matches all of these packets",
    hint: "remove the rule, or move it before the earlier one",
    explanation:
      "Every packet that matches the rule also matches an earlier rule of the same chain, and that rule's target is terminating. This is reported only if it holds for every packet: conditions that can change on the way, such as marks, count only if no rule between the two can change them.",
  },
  "foreign-rule-unreachable": {
    severity: "info",
    message: "no packet reaches {rules} of another program: an earlier rule matches all of these packets",
    explanation:
      "Every packet that matches the rule also matches an earlier rule of the same chain, and that rule's target is terminating. The rule belongs to a program that shares the table with kube-proxy. Some programs write such rules on purpose, for example to accept known connections that kube-proxy has accepted already.",
  },
  "load-balancing-incomplete": {
    severity: "warning",
    message:
      "{share} of the packets match no endpoint of the chain, because the last endpoint's rule has a probability too",
    hint: "remove -m statistic from the last rule",
    explanation:
      "A load balancing chain has a rule with a probability for each endpoint but the last. The rule of the last endpoint has none, so it matches all remaining packets. Here it has one: the remaining packets reach the end of the chain without DNAT and are lost.",
  },
  "jump-target-missing": {
    severity: "error",
    message: "jump target {chain} does not exist in table {table}",
    hint: "declare it (:NAME - [0:0]), or remove the rule",
    explanation:
      "A rule can jump only to a chain of its own table. iptables-restore rejects the whole table if a jump target is neither a chain of the table nor a target extension.",
  },
  "map-number-missing": {
    severity: "warning",
    message:
      "{share} of the packets find no endpoint: {generator} makes the numbers {numbers}, which the map does not have",
    hint: "restart kube-proxy, or run portolan apply, to restore the rule",
    explanation:
      "kube-proxy chooses an endpoint by a random number (numgen random mod N), and its map has each number from 0 to N-1. A packet whose number is missing falls through the rule: it keeps the service address as destination and is lost.",
  },
  "map-number-unused": {
    severity: "warning",
    message: "no packet finds the entries {numbers} of the map: {generator} makes numbers from 0 to {last}",
    hint: "restart kube-proxy, or run portolan apply, to restore the rule",
    explanation:
      "kube-proxy chooses an endpoint by a random number (numgen random mod N), and its map has each number from 0 to N-1. Entries with larger numbers are never used: these endpoints get no connections.",
  },
  "kube-proxy-modes-mixed": {
    severity: "warning",
    message: "rules of another mode of kube-proxy stand beside table {table}: {others}",
    hint: "remove those of the mode that kube-proxy does not run in: portolan cleanup, or kube-proxy --cleanup",
    explanation:
      "kube-proxy removes the rules of its other modes when it starts. Here those of two modes are on one host: kube-proxy could not remove them, such as rules of the other iptables back end, or has not started since its mode was changed. Both translate packets to Services, and the first one decides, perhaps with endpoints that no longer exist.",
  },
  "chain-loop": {
    severity: "error",
    message: "the chain jumps back to itself: {path}",
    explanation: "The kernel rejects a table with a loop of chains (error: Too many levels of symbolic links).",
  },
  "target-misplaced": {
    severity: "error",
    message: "{target} is valid only in table {tables}, in chains called from {hooks}; here it is {where}",
    explanation:
      "The kernel accepts each target only in certain tables, and only in chains that are reached from certain built-in chains. Otherwise iptables-restore fails as a whole (error: Invalid argument).",
  },
  "set-missing": {
    severity: "error",
    message: "the rule matches on set {set}, which does not exist",
    hint: "create the set before the rules: run ipset restore before iptables-restore",
    explanation:
      "The output of ipset has no set of this name. iptables-restore rejects rules that match on a set that does not exist.",
  },
  "chain-unused": {
    severity: "info",
    message: "no rule jumps to {chains}",
    explanation:
      "The kube-proxy chain belongs to a service port, and no rule jumps to it. It uses memory but does no harm. kube-proxy deletes unused chains with its next full sync; if kube-proxy is stopped, they stay.",
  },
  "chain-empty": {
    severity: "warning",
    message: "{chain} is empty: packets sent there are not handled",
    hint: "restart kube-proxy, or run portolan apply, to restore its rules",
    explanation:
      "The chain belongs to a service port, and a rule jumps to it. kube-proxy never leaves such a chain empty, so something else has flushed it. Packets that reach it keep the service address as destination and are lost.",
  },
  "chain-unreachable": {
    severity: "warning",
    message: "no built-in chain of table {table} leads to {chain}: its rules have no effect",
    hint: "restart kube-proxy, or run portolan apply, to restore the jumps",
    explanation:
      "kube-proxy's chains have an effect only through its jumps in the built-in chains. The chain has rules, but PREROUTING, INPUT, FORWARD, OUTPUT and POSTROUTING do not jump to it, directly or through other chains: something has flushed or replaced the built-in chains.",
  },
  "masquerade-mark-unused": {
    severity: "warning",
    message:
      "KUBE-MARK-MASQ sets mark {mark}, and no rule reached from POSTROUTING matches on it: nothing is masqueraded",
    hint: "make KUBE-POSTROUTING match on the same bit (masqueradeBit of the configuration)",
    explanation:
      "KUBE-MARK-MASQ marks packets that need SNAT, and KUBE-POSTROUTING masquerades packets with the same mark bit. Here no rule reached from POSTROUTING matches on this bit, so replies to these connections do not come back through the node.",
  },
  "virtual-server-unbound": {
    severity: "warning",
    message: "{address} is a virtual server, but no interface of this host has the address",
    hint: "bind it: ip addr replace ADDRESS/32 dev kube-ipvs0",
    explanation:
      "IPVS sees only packets that are delivered to this host. kube-proxy binds every cluster IP, and every external address that the host does not already have, to the device kube-ipvs0. Packets to an address that is not bound are forwarded and never reach the virtual server.",
  },
} as const satisfies CatalogPart;
