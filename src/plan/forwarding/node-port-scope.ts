import { type Cidr, cidrContains, type Family, type IpAddress, parseCidr, parseIp } from "../../model/address.ts";
import { compareBytes } from "../../model/fields/name-map.ts";
import type { NodePortRange } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { FamilySettings, NodePortScope, ProgramTraits } from "./forwarding-plan.ts";
import { type NodeView, primaryAddresses } from "./node-view.ts";

export interface ResolvedNodePorts {
  readonly scope: NodePortScope;
  /** The ranges contain IPv4 loopback, so that node ports may be opened on 127.0.0.1. */
  readonly containsLoopback: boolean;
}

const loopbackV4: IpAddress = { family: "ipv4", text: "127.0.0.1" };

/**
 * The addresses of this host on which node ports answer (NodePortAddresses of pkg/proxy/util). Ranges of one family do
 * not restrict the other; a range of prefix length 0 means every address.
 */
export function resolveNodePortScope(
  configured: readonly NodePortRange[],
  family: Family,
  view: NodeView,
  traits: ProgramTraits,
): ResolvedNodePorts {
  const ranges =
    configured.length === 0 && traits.nodePortsByDefault === "primary" ? (["primary"] as const) : configured;
  const cidrs = cidrsOf(ranges, view).filter((cidr) => cidr.family === family);
  if (cidrs.length === 0 || cidrs.some((cidr) => cidr.prefix === 0)) {
    return { scope: { kind: "every-address" }, containsLoopback: family === "ipv4" };
  }
  const containsLoopback = family === "ipv4" && cidrs.some(isIpv4Loopback);
  // Host.addresses does not contain loopback, but the interface lo has it.
  const hasLoopback = family === "ipv4" && traits.nodePortsOnLoopback;
  const candidates = hasLoopback ? [...view.hostAddresses, loopbackV4] : view.hostAddresses;
  const matching = candidates.filter((ip) => cidrs.some((cidr) => cidrContains(cidr, ip)));
  const addresses = [...new Set(matching.map((ip) => ip.text))].sort(compareBytes);
  return { scope: { kind: "addresses", addresses }, containsLoopback };
}

function cidrsOf(ranges: readonly NodePortRange[], view: NodeView): readonly Cidr[] {
  const primary = (): readonly Cidr[] =>
    primaryAddresses(view)
      .map((ip) => parseCidr(`${ip.text}/${ip.family === "ipv4" ? 32 : 128}`))
      .filter((cidr) => cidr !== undefined);
  return ranges.flatMap((range) => (range === "primary" ? primary() : [range]));
}

/** Within 127.0.0.0/8, or around its first address. */
function isIpv4Loopback(cidr: Cidr): boolean {
  return cidr.text.startsWith("127.") || cidrContains(cidr, { family: "ipv4", text: "127.0.0.0" });
}

/** The host's addresses that serve node ports: no loopback and no link-local IPv6 addresses. */
export function nodePortAddresses({
  nodePorts,
  hostAddresses,
}: Pick<FamilySettings, "nodePorts" | "hostAddresses">): readonly IpAddress[] {
  const chosen =
    nodePorts.kind === "every-address"
      ? hostAddresses.filter(isHostWide)
      : nodePorts.addresses.map(parseIp).filter((ip) => ip !== undefined && !ip.text.startsWith("127."));
  const unique = new Map(chosen.flatMap((ip) => (ip === undefined ? [] : [[ip.text, ip]])));
  return [...unique.values()].sort((a, b) => compareBytes(a.text, b.text));
}

/** Not link-local. */
export function isHostWide({ text }: IpAddress): boolean {
  return !/^fe[89ab][0-9a-f]:/.test(text);
}
