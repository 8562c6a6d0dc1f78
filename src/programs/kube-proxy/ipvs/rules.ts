import {
  addressType,
  appendTo,
  comment,
  conntrackState,
  flipMarkBit,
  inSet,
  jump,
  mark,
  masquerade,
  notAddressType,
  notFromBridge,
  notMark,
  protocol,
  quotedComment,
  reject,
  setMarkBit,
  source,
} from "../../../languages/iptables/write.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import type { Jump } from "../../program.ts";
import { ipvsChains as chains } from "../chain-names.ts";
import { notFromLocal } from "../iptables/matches.ts";
import { type SetKey, setName, sets } from "../set-names.ts";
import { jumpFor } from "../steps.ts";

/** Rules that match on the sets of one family. An empty set has no rules, unless they always exist. */
interface SetRules {
  readonly settings: FamilySettings;
  readonly has: (set: SetKey) => boolean;
  /** Matches on the set, by these directions. */
  readonly among: (set: SetKey, sides: string) => string;
  /** The same, after the set's comment. */
  readonly explained: (set: SetKey, sides: string) => string;
}

function setRules(settings: FamilySettings, has: (set: SetKey) => boolean): SetRules {
  const among = (set: SetKey, sides: string): string => inSet(setName(set, settings.family), sides);
  const explained = (set: SetKey, sides: string): string => quotedComment(sets[set].comment) + among(set, sides);
  return { settings, has, among, explained };
}

/** The rules of table filter except those of KUBE-IPVS-OUT-FILTER, chain by chain. */
export function filterRules(settings: FamilySettings, has: (set: SetKey) => boolean): readonly string[] {
  const rules = setRules(settings, has);
  return [...forwardRules(settings), ...healthCheckRules(rules), ...sourceRangeRules(rules), ...hostPortRules(rules)];
}

function forwardRules({ masqueradeMark }: FamilySettings): readonly string[] {
  const start = appendTo(chains.forward);
  return [
    start + comment("kubernetes forwarding rules") + mark(masqueradeMark) + jump("ACCEPT"),
    start + comment("kubernetes forwarding conntrack rule") + conntrackState("RELATED,ESTABLISHED") + jump("ACCEPT"),
  ];
}

function healthCheckRules({ explained }: SetRules): readonly string[] {
  return [appendTo(chains.nodePort) + explained("healthCheck", "dst") + jump("ACCEPT")];
}

function sourceRangeRules({ has, explained }: SetRules): readonly string[] {
  const start = appendTo(chains.sourceRangesFirewall);
  const lines: string[] = [];
  if (has("loadBalancerFirewall")) {
    const match = explained("loadBalancerFirewall", "dst,dst");
    lines.push(appendTo(chains.proxyFirewall) + match + jump(chains.sourceRangesFirewall));
  }
  for (const set of ["loadBalancerSourceCidr", "loadBalancerSourceIp"] as const) {
    if (has(set)) lines.push(start + explained(set, "dst,dst,src") + jump("RETURN"));
  }
  return [...lines, start + jump("DROP")];
}

/** Blocks the host's own ports on the service addresses, which the dummy device makes local. */
function hostPortRules({ settings, among }: SetRules): readonly string[] {
  const start = appendTo(chains.ipvsFilter);
  const served = (["loadBalancer", "clusterIp", "externalIp", "externalIpLocal"] as const).map(
    (set) => start + among(set, "dst,dst") + jump("RETURN"),
  );
  const others = conntrackState("NEW") + among("boundIps", "dst") + reject(settings.family);
  return [...served, start + among("healthCheck", "dst") + jump("RETURN"), start + others];
}

/** The rules of table nat, chain by chain. */
export function natRules(settings: FamilySettings, has: (set: SetKey) => boolean): readonly string[] {
  const rules = setRules(settings, has);
  return [
    ...serviceRules(rules),
    ...postroutingRules(rules),
    ...nodePortRules(rules),
    ...loadBalancerRules(rules),
    appendTo(chains.markMasquerade) + setMarkBit(settings.masqueradeMark),
  ];
}

/** Marks packets to masquerade; accepts packets for a virtual server last. */
function serviceRules(rules: SetRules): readonly string[] {
  const { settings, has, among, explained } = rules;
  const start = appendTo(chains.services);
  const lines = [start + source(settings.family === "ipv4" ? "127.0.0.0/8" : "::1/128") + jump("RETURN")];
  if (has("loadBalancer")) lines.push(start + explained("loadBalancer", "dst,dst") + jump(chains.loadBalancer));
  if (has("clusterIp")) lines.push(start + clusterIpMatch(rules) + jump(chains.markMasquerade));
  if (has("externalIp")) {
    lines.push(start + explained("externalIp", "dst,dst") + jump(chains.markMasquerade));
    lines.push(...externalIpRules(explained("externalIp", "dst,dst")));
  }
  if (has("externalIpLocal")) lines.push(...externalIpRules(explained("externalIpLocal", "dst,dst")));
  lines.push(start + addressType("dst", "LOCAL") + jump(chains.nodePort));
  for (const set of ["clusterIp", "loadBalancer"] as const) {
    if (has(set)) lines.push(start + among(set, "dst,dst") + jump("ACCEPT"));
  }
  return lines;
}

/**
 * Traffic to cluster IPs that does not come from a pod. Where pods cannot be recognised, only the node's own traffic
 * from a service address, which the dummy device makes its source.
 */
function clusterIpMatch({ settings, explained }: SetRules): string {
  if (settings.masqueradeAll) return explained("clusterIp", "dst,dst");
  if (settings.localDetector === undefined) return explained("clusterIp", "src,dst");
  const others = notFromLocal(settings.localDetector);
  return others.source + others.interface + explained("clusterIp", "dst,dst");
}

/** From another machine, or to an address of another interface: directly to the virtual server. */
function externalIpRules(match: string): readonly string[] {
  const start = appendTo(chains.services) + match;
  return [
    start + notFromBridge() + notAddressType("src", "LOCAL") + jump("ACCEPT"),
    start + addressType("dst", "LOCAL") + jump("ACCEPT"),
  ];
}

function postroutingRules({ settings, has, explained }: SetRules): readonly string[] {
  const start = appendTo(chains.postrouting);
  const hairpin = has("loopBack") ? [start + explained("loopBack", "dst,dst,src") + jump("MASQUERADE")] : [];
  return [
    ...hairpin,
    start + notMark(settings.masqueradeMark) + jump("RETURN"),
    start + flipMarkBit(settings.masqueradeMark),
    start + comment("kubernetes service traffic requiring SNAT") + masquerade(settings.randomFully),
  ];
}

/** Ports with externalTrafficPolicy Local return before the rule that marks all. */
function nodePortRules({ has, explained }: SetRules): readonly string[] {
  const lines: string[] = [];
  const add = (set: SetKey, transport: string, sides: string, target: string): void => {
    if (has(set)) lines.push(appendTo(chains.nodePort) + protocol(transport) + explained(set, sides) + jump(target));
  };
  add("nodePortLocalTcp", "tcp", "dst", "RETURN");
  add("nodePortTcp", "tcp", "dst", chains.markMasquerade);
  add("nodePortLocalUdp", "udp", "dst", "RETURN");
  add("nodePortUdp", "udp", "dst", chains.markMasquerade);
  add("nodePortLocalSctp", "sctp", "dst,dst", "RETURN");
  add("nodePortSctp", "sctp", "dst,dst", chains.markMasquerade);
  return lines;
}

function loadBalancerRules({ has, explained }: SetRules): readonly string[] {
  const start = appendTo(chains.loadBalancer);
  const local = has("loadBalancerLocal") ? [start + explained("loadBalancerLocal", "dst,dst") + jump("RETURN")] : [];
  return [...local, start + jump(chains.markMasquerade)];
}

const portals = "kubernetes service portals";
const accessFilter = "kubernetes ipvs access filter";

/** In their final order; kube-proxy inserts each at the head of its chain. */
export const jumps: readonly Jump[] = [
  jumpFor("filter INPUT", chains.ipvsFilter, accessFilter),
  jumpFor("filter INPUT", chains.proxyFirewall, "kube-proxy firewall rules"),
  jumpFor("filter INPUT", chains.nodePort, "kubernetes health check rules"),
  jumpFor("filter FORWARD", chains.proxyFirewall, "kube-proxy firewall rules"),
  jumpFor("filter FORWARD", chains.forward, "kubernetes forwarding rules"),
  jumpFor("filter OUTPUT", chains.ipvsOutFilter, accessFilter),
  jumpFor("nat PREROUTING", chains.services, portals),
  jumpFor("nat OUTPUT", chains.services, portals),
  jumpFor("nat POSTROUTING", chains.postrouting, "kubernetes postrouting rules"),
];
