import type { CatalogPart } from "./entry.ts";

/** Faults in the text of a tool: what `portolan check --actual` finds. */
export const checkTextCodes = {
  "dump-unreadable": {
    severity: "error",
    message: "cannot read {path}: {reason}",
    explanation: "The file or folder given by --actual could not be opened or read as text.",
  },
  "dump-unrecognised": {
    severity: "error",
    message: "this is no text that iptables-save, ipset save, ipvsadm -Sn or portolan collect prints",
    hint: "give what a tool printed, a folder of compile --out-dir, or what portolan collect wrote",
    explanation:
      "The kind of a text is told by its first line: *TABLE or :CHAIN for iptables, create or add for ipset, -A -t, -A -u or -A --sctp-service for IPVS, and a heading for what collect writes. This text begins with none of them.",
  },
  "dump-line-broken": {
    severity: "error",
    message: "{problem}",
    explanation:
      "The line is not one that the tool prints, or the text ends too early. A line that cannot be read may hold a rule, so nothing that is said about the rest can be relied on.",
  },
  "rule-unreachable": {
    severity: "warning",
    message: "no packet gets to {rules}: an earlier rule takes all that would match",
    hint: "remove the rule, or put it before the other",
    explanation:
      "Whatever matches the rule also matches an earlier one of the same chain, whose verdict ends the packet's way through the chain. This is said only where it holds for every packet: conditions that change on the way, such as marks, count only while nothing between the two can change them.",
  },
  "share-leaks": {
    severity: "warning",
    message: "{share} of the packets pass all endpoints of the chain by, since the last is left to chance too",
    hint: "the last rule must have no -m statistic",
    explanation:
      "A chain that balances gives each endpoint a rule with a probability, and the last endpoint a rule without, so that it takes what is left. Here the last has a probability as well: the rest reaches the end of the chain untranslated and is lost.",
  },
  "jump-target-missing": {
    severity: "error",
    message: "the rule leads to {chain}, which is no chain of table {table}",
    hint: "declare it (:NAME - [0:0]), or remove the rule",
    explanation:
      "A rule can lead only to a chain of its own table. iptables-restore refuses the whole table when a rule names neither such a chain nor a target extension.",
  },
  "chain-loop": {
    severity: "error",
    message: "the chain leads back to itself: {path}",
    explanation:
      "The kernel refuses a table in which a packet could go in circles (Too many levels of symbolic links).",
  },
  "target-misplaced": {
    severity: "error",
    message: "{target} works in table {tables} only, for packets in {hooks}; here it is reached {where}",
    explanation:
      "The kernel takes each target only in some tables, and in chains that are reached from some of the built-in chains. iptables-restore fails as a whole otherwise (Invalid argument).",
  },
  "set-missing": {
    severity: "error",
    message: "the rule asks for set {set}, which is not there",
    hint: "make the set before the rules: ipset restore comes before iptables-restore",
    explanation:
      "The text of ipset has no set of this name. iptables-restore refuses rules that ask for a set that does not exist.",
  },
  "chain-unused": {
    severity: "info",
    message: "nothing leads to {chains}",
    explanation:
      "A chain of kube-proxy's belongs to a service port, and no rule jumps to it. It costs memory and does no harm. kube-proxy clears such chains away with its next full sync; they stay when it has stopped.",
  },
  "chain-empty": {
    severity: "warning",
    message: "{chain} is empty: what is sent there goes on untouched",
    hint: "portolan apply fills it, and so does restarting kube-proxy",
    explanation:
      "The chain belongs to a service port, and a rule leads there. kube-proxy makes no such chain without rules, so something has flushed it. A packet for the Service, or the share of them that this chain should take, keeps the service address and is lost.",
  },
  "chain-not-entered": {
    severity: "warning",
    message: "no built-in chain of table {table} leads to {chain}: its rules are never met",
    hint: "portolan apply puts the jumps back, and so does restarting kube-proxy",
    explanation:
      "kube-proxy's chains have an effect only through its jumps in the built-in chains. The chain is filled, but no rule of PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING leads there, not even by way of others: something has flushed or replaced the built-in chains.",
  },
  "masquerade-mark-unused": {
    severity: "warning",
    message: "KUBE-MARK-MASQ sets mark {mark}, and no rule after POSTROUTING asks for it: nothing is masqueraded",
    hint: "KUBE-POSTROUTING must ask for the same bit (masqueradeBit of the configuration)",
    explanation:
      "Packets that need another source address are marked by KUBE-MARK-MASQ and masqueraded by KUBE-POSTROUTING, which looks for the same bit. Here no rule that a leaving packet meets looks at it, so answers to such connections go astray.",
  },
  "virtual-server-unbound": {
    severity: "warning",
    message: "{address} is a virtual server, but no interface of this host has the address",
    hint: "bind it: ip addr replace ADDRESS/32 dev kube-ipvs0",
    explanation:
      "IPVS sees packets that are delivered to this host. kube-proxy binds every cluster IP, and every external address the host does not have already, to the device kube-ipvs0. Packets to an address that is bound nowhere are routed on and never meet the virtual server.",
  },
} as const satisfies CatalogPart;
