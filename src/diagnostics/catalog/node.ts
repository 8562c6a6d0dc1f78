import type { CatalogPart } from "./entry.ts";

export const nodeCodes = {
  "node-not-chosen": {
    severity: "error",
    message: "the input has {count} Nodes ({names}) and no node was chosen",
    hint: "pass --node NAME; compile, diff and explain also accept --all-nodes",
    explanation:
      "kube-proxy programs each node differently: endpoints are local or remote, and zones differ. If the input has exactly one Node, or only simulated ones, --node is optional.",
  },
  "node-name-needed": {
    severity: "error",
    message: "the input has no Node: pass --node NAME",
    explanation:
      "Without a Node document, the name determines which endpoints are local. The node then has no addresses, zone or pod CIDRs.",
  },
  "node-unknown": {
    severity: "error",
    message: "the input has no Node {name}",
    explanation: "The input has Nodes, but none with the name passed with --node.",
  },
  "node-absent": {
    severity: "warning",
    message: "no Node document for {name}: it is compiled without addresses, zone and pod CIDRs",
    hint: "add it to the input: kubectl get nodes -o yaml",
    explanation:
      "Endpoints with the nodeName of this node are still local. Node ports, topology hints and source ranges depend on the addresses and labels of the Node document.",
  },
  "node-address-ignored": {
    severity: "warning",
    message: "{type} {address} is not an IP address: kube-proxy ignores it",
    explanation: "kube-proxy takes the node's IPs from the valid status.addresses of type InternalIP or ExternalIP.",
  },
  "pod-cidr-missing": {
    severity: "error",
    message: "detectLocalMode NodeCIDR needs spec.podCIDRs on Node {name}; without them kube-proxy does not start",
    explanation:
      "With NodeCIDR, kube-proxy detects local pods by the node's own pod CIDRs, and waits at startup until they are assigned.",
  },
  "pod-cidrs-same-family": {
    severity: "error",
    message: "podCIDRs must have at most one CIDR per family",
    explanation: "A Node has one pod CIDR, or one per family. The API server rejects more.",
  },
  "service-cidr-empty": {
    severity: "error",
    message: "the ServiceCIDR has no network in spec.cidrs",
    explanation: "A ServiceCIDR holds one network, or one per family. The API server rejects one without any.",
  },
  "service-cidr-same-family": {
    severity: "error",
    message: "spec.cidrs must have at most one network per family",
    explanation: "A ServiceCIDR holds one network, or one per family. The API server rejects more.",
  },
  "service-cidr-not-canonical": {
    severity: "error",
    message: "{value} must be written as {canonical}",
    explanation:
      "The API server accepts a ServiceCIDR only in canonical form: no bits beyond the prefix length, no leading zeros, IPv6 as in RFC 5952.",
  },
  "pod-cidr-wrong-family": {
    severity: "error",
    message:
      "the primary family is {primary}, but podCIDRs of Node {name} have only the other family; kube-proxy does not start",
    explanation:
      "The primary family is that of the node's first IP (or of bindAddress). With NodeCIDR, kube-proxy exits if no pod CIDR has this family.",
  },
  "node-ports-match-nothing": {
    severity: "warning",
    message: "nodePortAddresses match no {family} address of this node: its node ports are not reachable",
    explanation:
      "kube-proxy accepts node port traffic on the host's addresses within nodePortAddresses. None matches, so the chain KUBE-NODEPORTS has rules but no rule jumps to it.",
  },
  "local-detection-missing": {
    severity: "info",
    message: "the {family} pod CIDR is unknown: external traffic to {family} cluster IPs is not masqueraded",
    hint: "set clusterCIDR in the kube-proxy configuration, or another detectLocalMode",
    explanation:
      "kube-proxy masquerades traffic to cluster IPs that does not come from a pod, if it can detect local traffic (detectLocalMode). With ClusterCIDR and no CIDR of the family it cannot, and writes no such rule.",
  },
} as const satisfies CatalogPart;

/** Why a reading of a host cannot be relied on, and rules of kube-proxy's kind that are elsewhere on it. */
export const hostCodes = {
  "host-tool-failed": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "run the command by hand on the host, as root",
    explanation:
      "A command that reads the host failed, or is not installed although the kernel has what it lists. What it would have printed is unknown, and unknown is not the same as nothing.",
  },
  "host-output-missing": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "run the command by hand on the host, as root, and compare it with the kernel's files in /proc/net",
    explanation:
      "A command exited with 0 and did not print what the kernel has. A change that is planned from such a reading would take rules for missing that are there, or leave rules that it should remove.",
  },
  "host-output-truncated": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "read the host again; if a file was copied, copy it again",
    explanation:
      "The output of a command ends too early: a table without COMMIT, a line without its end, or fewer ends of tables than beginnings. The missing part may hold rules.",
  },
  "host-output-unreadable": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "report the line, or remove what it describes",
    explanation:
      "A command printed a line that Portolan cannot read. It may be a rule, so the reading cannot be relied on.",
  },
  "host-outputs-contradict": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "read the host again, while no other program changes it",
    explanation:
      "The outputs of two commands cannot both be true. For example, a rule matches on a set that ipset does not list, which the kernel never allows. One of the commands left something out, or the host changed between them.",
  },
  "host-changed-while-read": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "stop the program that changes the rules, such as kube-proxy, and try again",
    explanation:
      "The rules, sets or virtual servers of kube-proxy's kind were read again until several readings in a row were the same, and they were not. Steps that are planned from such a reading would be planned for a host that no longer exists.",
  },
  "host-other-backend": {
    severity: "warning",
    message: "{command}: {problem}",
    hint: "remove the rules of the other back end: iptables-BACKEND-save | grep -v KUBE- | iptables-BACKEND-restore",
    explanation:
      "The kernel has two sets of iptables rules, those of iptables-legacy and those of iptables-nft, and packets meet both. This host has kube-proxy's rules in the one that its iptables command does not show. Portolan changes only what the iptables command shows, so the other rules would stay in effect.",
  },
  "host-other-backend-unread": {
    severity: "warning",
    message: "{command}: {problem}",
    hint: "install the tools of the other back end, so that its rules can be read",
    explanation:
      "The kernel has tables of the iptables back end that the iptables command of this host does not show, and the command that would show them did not work. They may hold rules of kube-proxy, which packets meet as well.",
  },
  "host-nftables-rules": {
    severity: "warning",
    message: "{command}: {problem}",
    hint: "run kube-proxy --cleanup, or nft delete table FAMILY kube-proxy",
    explanation:
      "The host has the nftables table of kube-proxy's nftables mode. Packets meet its rules beside those of iptables. nft could not list them, or the document of collect is of an earlier version, so Portolan can neither compare nor remove the table.",
  },
  "backup-object-refused": {
    severity: "error",
    message: "{command}: {problem}",
    hint: "remove the line from the backup, or restore by hand with the tool that wrote it",
    explanation:
      "A backup is text that anyone with the file may have edited. apply --restore takes from it only objects of kube-proxy, and only in forms that Portolan reads completely, so that a line cannot do anything else when the tool reads it.",
  },
} as const satisfies CatalogPart;
