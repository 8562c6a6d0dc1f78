import {
  addressType,
  appendTo,
  comment,
  conntrackState,
  destination,
  flipMarkBit,
  jump,
  mark,
  masquerade,
  nfacct,
  notConntrackState,
  notDestination,
  notMark,
  notSource,
  setMarkBit,
} from "../../../languages/iptables/write.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import type { Jump } from "../../program.ts";
import { iptablesChains as chains } from "../chain-names.ts";
import { counters } from "../names.ts";
import { jumpFor } from "../steps.ts";
import { hostCidr } from "./matches.ts";

/** Rules that exist whatever the Services. */

/** The kubelet creates the same rule: it blocks packets from neighbours to 127.0.0.0/8, which route_localnet opens. */
export function kubeletFirewallRules(settings: FamilySettings): readonly string[] {
  if (!settings.localhostNodePorts) return [];
  const match =
    notSource("127.0.0.0/8") +
    destination("127.0.0.0/8") +
    comment("block incoming localnet connections") +
    notConntrackState("RELATED,ESTABLISHED,DNAT");
  return [appendTo(chains.kubeletFirewall) + match + jump("DROP")];
}

export function forwardRules(settings: FamilySettings): readonly string[] {
  const start = appendTo(chains.forward);
  const counted = settings.nfacct ? nfacct(counters.invalidDropped) : "";
  const invalid = start + conntrackState("INVALID") + counted + jump("DROP");
  return [
    ...(settings.dropsInvalid ? [invalid] : []),
    start + comment("kubernetes forwarding rules") + mark(settings.masqueradeMark) + jump("ACCEPT"),
    start + comment("kubernetes forwarding conntrack rule") + conntrackState("RELATED,ESTABLISHED") + jump("ACCEPT"),
  ];
}

export function markMasqueradeRules(settings: FamilySettings): readonly string[] {
  return [appendTo(chains.markMasquerade) + setMarkBit(settings.masqueradeMark)];
}

/** The mark is cleared before masquerading, so that a packet that passes again is not masqueraded again. */
export function postroutingRules(settings: FamilySettings): readonly string[] {
  const start = appendTo(chains.postrouting);
  return [
    start + notMark(settings.masqueradeMark) + jump("RETURN"),
    start + flipMarkBit(settings.masqueradeMark),
    start + comment("kubernetes service traffic requiring SNAT") + masquerade(settings.randomFully),
  ];
}

/** The last rules of KUBE-SERVICES: packets addressed to this host may be for a node port. */
export function nodePortDispatchRules(settings: FamilySettings): readonly string[] {
  const start = appendTo(chains.services);
  const note = comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain");
  const { nodePorts } = settings;
  if (nodePorts.kind === "every-address") {
    return [start + exceptLoopback(settings) + note + addressType("dst", "LOCAL") + jump(chains.nodePorts)];
  }
  return nodePorts.addresses
    .filter((ip) => settings.localhostNodePorts || !ip.startsWith("127."))
    .map((ip) => start + destination(hostCidr(ip, settings)) + note + jump(chains.nodePorts))
    .sort();
}

function exceptLoopback({ family, localhostNodePorts }: FamilySettings): string {
  if (family === "ipv6") return notDestination("::1/128");
  return localhostNodePorts ? "" : notDestination("127.0.0.0/8");
}

const { services, externalServices, nodePorts, forward, proxyFirewall, postrouting, kubeletFirewall } = chains;
const portals = "kubernetes service portals";
const outsidePortals = "kubernetes externally-visible service portals";
const firewall = "kubernetes load balancer firewall";

/** In their final order: kube-proxy inserts each at the head of its chain, so its own list is reversed. */
export const jumps: readonly Jump[] = [
  jumpFor("filter INPUT", kubeletFirewall, "", false),
  jumpFor("filter INPUT", proxyFirewall, firewall, true),
  jumpFor("filter INPUT", nodePorts, "kubernetes health check service ports", false),
  jumpFor("filter INPUT", externalServices, outsidePortals, true),
  jumpFor("filter FORWARD", proxyFirewall, firewall, true),
  jumpFor("filter FORWARD", forward, "kubernetes forwarding rules", false),
  jumpFor("filter FORWARD", services, portals, true),
  jumpFor("filter FORWARD", externalServices, outsidePortals, true),
  jumpFor("filter OUTPUT", kubeletFirewall, "", false),
  jumpFor("filter OUTPUT", proxyFirewall, firewall, true),
  jumpFor("filter OUTPUT", services, portals, true),
  jumpFor("nat PREROUTING", services, portals, false),
  jumpFor("nat OUTPUT", services, portals, false),
  jumpFor("nat POSTROUTING", postrouting, "kubernetes postrouting rules", false),
];
