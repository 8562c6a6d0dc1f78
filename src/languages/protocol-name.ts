/** As netfilter's tools print protocols by number, or under another name. */
const names: Readonly<Record<string, string>> = {
  "1": "icmp",
  "6": "tcp",
  "17": "udp",
  "58": "icmpv6",
  "132": "sctp",
  "ipv6-icmp": "icmpv6",
};

/** The name of a protocol in `ir/datapath.ts`; one that has none there stays as it is spelled. */
export function protocolName(spelled: string): string {
  return names[spelled] ?? spelled;
}
