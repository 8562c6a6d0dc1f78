import {
  addressType,
  comment,
  flipMarkBit,
  hasMark,
  networks,
  nftFamily,
  setMarkBit,
} from "../../../languages/nftables/write.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { setServiceCidrOrigin } from "../../origins.ts";
import { nodePortKey, notFromLocal, serviceKey, toNodePortAddress } from "./matches.ts";
import { nftChains as chains } from "./names.ts";
import { addLine, type ElementSet, type NftBlock, openBlock, type TableObjects } from "./table-objects.ts";

/** What exists whatever the Services. */

interface FixedSet {
  readonly kind: "set" | "map";
  readonly type: (addresses: string) => string;
  readonly comment: string;
}

const byAddress = (addresses: string): string => `${addresses} . inet_proto . inet_service : verdict`;
const byPort = (): string => "inet_proto . inet_service : verdict";

/** The fixed sets and maps, with kube-proxy's comments. */
export const fixedSets: Readonly<Record<ElementSet, FixedSet>> = {
  "cluster-ips": { kind: "set", type: (addresses) => addresses, comment: "Active ClusterIPs" },
  "hairpin-connections": {
    kind: "set",
    type: (addresses) => `${addresses} . ${addresses} . inet_proto . inet_service`,
    comment: "service hairpin connections",
  },
  "nodeport-ips": { kind: "set", type: (addresses) => addresses, comment: "IPs that accept NodePort traffic" },
  "firewall-ips": {
    kind: "map",
    type: byAddress,
    comment: "destinations that are subject to LoadBalancerSourceRanges",
  },
  "no-endpoint-nodeports": {
    kind: "map",
    type: byPort,
    comment: "vmap to drop or reject packets to service nodeports with no endpoints",
  },
  "no-endpoint-services": {
    kind: "map",
    type: byAddress,
    comment: "vmap to drop or reject packets to services with no endpoints",
  },
  "service-ips": { kind: "map", type: byAddress, comment: "ClusterIP, ExternalIP and LoadBalancer IP traffic" },
  "service-nodeports": { kind: "map", type: byPort, comment: "NodePort traffic" },
};

/** The first lines of a fixed set or map. */
export function fixedSetLines({ type, comment: text }: FixedSet, { family }: FamilySettings): readonly string[] {
  return [`type ${type(addressType[family])}`, comment(text).trimStart()];
}

const onlyNew = "ct state new";

/** The chains that the kernel calls, with their priorities as nft 1.0.6 lists them. */
const baseChains: Readonly<Record<string, readonly string[]>> = {
  "filter-prerouting-pre-dnat": [
    "type filter hook prerouting priority dstnat - 10; policy accept;",
    `${onlyNew} jump ${chains.firewallCheck}`,
  ],
  "filter-output-pre-dnat": [
    "type filter hook output priority -110; policy accept;",
    `${onlyNew} jump ${chains.firewallCheck}`,
  ],
  "filter-input": [
    "type filter hook input priority filter; policy accept;",
    `${onlyNew} jump ${chains.nodePortEndpointsCheck}`,
    `${onlyNew} jump ${chains.serviceEndpointsCheck}`,
  ],
  "filter-forward": [
    "type filter hook forward priority filter; policy accept;",
    `${onlyNew} jump ${chains.serviceEndpointsCheck}`,
    `${onlyNew} jump ${chains.clusterIpsCheck}`,
  ],
  "filter-output": [
    "type filter hook output priority filter; policy accept;",
    `${onlyNew} jump ${chains.serviceEndpointsCheck}`,
    `${onlyNew} jump ${chains.clusterIpsCheck}`,
  ],
  "nat-prerouting": ["type nat hook prerouting priority dstnat; policy accept;", `jump ${chains.services}`],
  "nat-output": ["type nat hook output priority -100; policy accept;", `jump ${chains.services}`],
  "nat-postrouting": ["type nat hook postrouting priority srcnat; policy accept;", `jump ${chains.masquerading}`],
};

/** Adds every chain that exists whatever the Services. */
export function addFixedChains(settings: FamilySettings, out: TableObjects): void {
  const add = (name: string, lines: readonly string[]): NftBlock => {
    const chain = openBlock(out, out.chains, name);
    for (const line of lines) addLine(out, chain, line);
    return chain;
  };
  for (const name in baseChains) add(name, baseChains[name] ?? []);
  add(chains.services, servicesRules(settings));
  add(chains.firewallCheck, [`${serviceKey(settings)} vmap @firewall-ips`]);
  add(chains.serviceEndpointsCheck, [`${serviceKey(settings)} vmap @no-endpoint-services`]);
  add(chains.nodePortEndpointsCheck, [`${toNodePortAddress(settings)} ${nodePortKey} vmap @no-endpoint-nodeports`]);
  add(chains.masquerading, masqueradingRules(settings));
  add(chains.reject, [comment("helper for @no-endpoint-services / @no-endpoint-nodeports").trimStart(), "reject"]);
  const destination = `${nftFamily[settings.family]} daddr`;
  const why = comment("Reject traffic to invalid ports of ClusterIPs");
  addUnallocatedRule(settings, add(chains.clusterIpsCheck, [`${destination} @cluster-ips reject${why}`]), out);
}

/** The networks that cluster IPs are allocated from: no packet to another of their addresses leaves this node. */
function addUnallocatedRule({ family, serviceCidrs }: FamilySettings, chain: NftBlock, out: TableObjects): void {
  const [first] = serviceCidrs;
  if (first === undefined) return;
  setServiceCidrOrigin(out, first.object);
  const allocated = networks(serviceCidrs.map(({ cidr }) => cidr));
  const why = comment("Drop traffic to unallocated ClusterIPs");
  addLine(out, chain, `${nftFamily[family]} daddr ${allocated} drop${why}`);
}

function servicesRules(settings: FamilySettings): readonly string[] {
  const everyAddress = settings.nodePorts.kind === "every-address" ? "fib daddr type local " : "";
  return [
    ...clusterIpMasquerade(settings),
    `${serviceKey(settings)} vmap @service-ips`,
    `${everyAddress}${toNodePortAddress(settings)} ${nodePortKey} vmap @service-nodeports`,
  ];
}

/** Replies to clients outside the pods must return through this node. */
function clusterIpMasquerade({
  family,
  masqueradeAll,
  masqueradeMark,
  localDetector,
}: FamilySettings): readonly string[] {
  const toClusterIp = `${nftFamily[family]} daddr @cluster-ips`;
  const mark = setMarkBit(masqueradeMark);
  if (masqueradeAll) return [`${toClusterIp} ${mark}${comment("masquerade all clusterIP traffic")}`];
  if (localDetector === undefined) return [];
  const why = comment("masquerade clusterIP traffic from outside cluster");
  return [`${toClusterIp} ${notFromLocal(localDetector)} ${mark}${why}`];
}

function masqueradingRules({ family, masqueradeMark }: FamilySettings): readonly string[] {
  const ip = nftFamily[family];
  const hairpin = `${ip} saddr . ${ip} daddr . meta l4proto . th dport @hairpin-connections`;
  return [
    `${hasMark(masqueradeMark)} ${flipMarkBit(masqueradeMark)} masquerade fully-random`,
    `ct status dnat ${hairpin} masquerade fully-random`,
  ];
}
