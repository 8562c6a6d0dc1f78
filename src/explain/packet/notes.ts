import { addressNumber, contains, isIpv6, parseAddressSet } from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import { hasPorts, type Outcome } from "../../datapath/packet.ts";
import type { LoadedChain } from "../../ir/datapath.ts";
import { ownChains } from "../../programs/registry.ts";
import { joinWords } from "../not-programmed/endpoints.ts";
import type { KnownService } from "./known-services.ts";
import type { ResolvedPacket } from "./resolve-packet.ts";

/** What notes are made of, besides outcomes. */
interface NotedHost {
  /** The node's name. */
  readonly node: string;
  readonly host: EvaluatedHost;
  readonly services: () => readonly KnownService[];
}

/** What outcomes mean for who asks, where their words do not say it: a sentence each, without a full stop. */
export function notesOn(
  outcomes: readonly Outcome[],
  resolved: ResolvedPacket,
  explained: NotedHost,
): readonly string[] {
  const { to, packet } = resolved;
  const isUntouched = outcomes.every(({ verdict }) => verdict.kind === "untouched");
  const owner = lazyOwner(to.address, explained);
  return [
    ...(resolved.fromName === "internet" && to.way === "cluster IP" ? [notFromOutside(to.service ?? "")] : []),
    ...(resolved.fromName === "internet" && to.way === "load balancer IP" ? outsideRanges(resolved, owner()) : []),
    ...(hasPorts(packet.protocol) ? [] : pingNotes(outcomes, resolved, { explained, owner: owner() })),
    ...(outcomes.some(({ verdict }) => verdict.kind === "unknown" && verdict.because !== undefined) ? [noServers] : []),
    ...(isUntouched && hasPorts(packet.protocol) && (packet.state ?? "NEW") === "NEW"
      ? [...missingJump(resolved, explained), ...otherPorts(to.port, to.address, owner())]
      : []),
  ];
}

function notFromOutside(service: string): string {
  return `clients outside the cluster cannot reach a cluster IP: no router leads to it, and ${service} has no node port, external IP or load balancer IP`;
}

/** The example client is in no source range. */
function outsideRanges({ from }: ResolvedPacket, owner: Owned | undefined): readonly string[] {
  const ranges = owner?.service.sourceRanges.map(({ cidr }) => cidr.text) ?? [];
  const value = addressNumber(from);
  const isAdmitted = ranges.map(parseAddressSet).some((set) => {
    return set !== undefined && (set.bits === 128) === isIpv6(from) && contains(set, value);
  });
  if (owner === undefined || ranges.length === 0 || isAdmitted) return [];
  return [
    `${nameOf(owner.service)} admits only ${joinWords(ranges)} to its load balancer IP, and ${from}, the example address of a client on the internet, is not among them: pass another with --from`,
  ];
}

const noServers =
  "the rules are those of kube-proxy's ipvs mode, which needs virtual servers, and no text lists them: pass the output of ipvsadm -Sn as well, or that of portolan collect";

interface Owned {
  readonly service: KnownService;
  readonly kind: "cluster IP" | "external IP" | "load balancer IP";
}

/** The Service that has the address. */
function lazyOwner(address: string, { services }: NotedHost): () => Owned | undefined {
  return () => {
    for (const service of services()) {
      const has = (vips: readonly KnownService["externalIps"][number][]) =>
        vips.some((vip) => vip.address.text === address);
      if (has(Object.values(service.clusterIps))) return { service, kind: "cluster IP" };
      if (has(service.loadBalancerIps)) return { service, kind: "load balancer IP" };
      if (has(service.externalIps)) return { service, kind: "external IP" };
    }
    return undefined;
  };
}

function nameOf({ namespace, name }: KnownService): string {
  return `${namespace}/${name}`;
}

function portsOf({ ports }: KnownService): string {
  return joinWords(ports.map(({ port, protocol }) => `${port}/${protocol}`));
}

interface Ping {
  readonly explained: NotedHost;
  readonly owner: Owned | undefined;
}

/** Why an echo request gets a reply or none. */
function pingNotes(
  outcomes: readonly Outcome[],
  { to: { address } }: ResolvedPacket,
  { explained: { host, node }, owner }: Ping,
): readonly string[] {
  const isHere = isLocal(address, host);
  const isRejected = outcomes.some(({ verdict }) => verdict.kind === "rejected");
  const passes = outcomes.some(({ verdict }) => verdict.kind === "untouched");
  const whose = owner && `${address} is the ${owner.kind} of ${nameOf(owner.service)}`;
  if (whose === undefined || owner === undefined)
    return passes && isHere ? [`${address} is an address of ${node}, which replies itself`] : [];
  const served = `kube-proxy handles only ${portsOf(owner.service)} there, and no ICMP`;
  const advice = "test one of its ports instead of a ping";
  if (isRejected && isHere)
    return [
      `${whose}: ${served}. The address is on kube-ipvs0, and the rules reject what is for no port of a Service; ${advice}`,
    ];
  if (isHere)
    return [`${whose}: ${served}. The address is on kube-ipvs0, so ${node} replies itself, whatever its endpoints do`];
  if (!passes) return [`${whose}: ${served}`];
  return owner.kind === "cluster IP"
    ? [
        `${whose}: ${served}. The echo request leaves as it is, no host has this address, and so there is no reply; ${advice}`,
      ]
    : [`${whose}: ${served}. Only a host that has this address replies; ${advice}`];
}

/** kube-proxy's rules are there, and the packet cannot reach them. */
function missingJump({ packet }: ResolvedPacket, { host }: NotedHost): readonly string[] {
  const { tables } = host.families[isIpv6(packet.destination) ? "ipv6" : "ipv4"];
  const nat = tables.get("nat");
  const first = packet.entry === "node" ? "OUTPUT" : "PREROUTING";
  const [services = ""] = ownChains.named("dispatch");
  const [nodePorts] = ownChains.named("local-dispatch");
  if (nat === undefined || (nat.get(services)?.lines.length ?? 0) === 0) return [];
  if (leadsTo(nat, first, services)) return [];
  return [
    `nothing leads from ${first} of table nat to ${services} or ${nodePorts} here: kube-proxy's rules are not reached (a jump is missing)`,
  ];
}

function leadsTo(nat: ReadonlyMap<string, LoadedChain>, from: string, wanted: string): boolean {
  const seen = new Set([from]);
  for (const name of seen) {
    for (const line of nat.get(name)?.lines ?? []) {
      const [, target = ""] = / -[jg] (\S+)/.exec(line) ?? [];
      if (target === wanted) return true;
      if (nat.has(target)) seen.add(target);
    }
  }
  return false;
}

function otherPorts(port: number, address: string, owner: Owned | undefined): readonly string[] {
  if (owner === undefined || owner.service.ports.some((each) => each.port === port)) return [];
  const { service, kind } = owner;
  return [`${address} is the ${kind} of ${nameOf(service)}, which has no port ${port}; it has ${portsOf(service)}`];
}
