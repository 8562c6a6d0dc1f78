import { serviceAddresses } from "../diff/destinations/service-addresses.ts";
import type { Cluster } from "../model/cluster.ts";
import { everyService } from "../reconcile/attribution.ts";
import type { Drift, DriftTraffic } from "./drift.ts";
import { type ComparedHost, readHostPair } from "./drift-hosts.ts";
import { type FollowedTraffic, followTraffic, type TrafficFault } from "./drift-traffic.ts";
import { servicesOf } from "./verify.ts";

/** A compared host, with the cluster that the desired state was compiled from. */
export interface ComparedNode extends Omit<ComparedHost, "podRanges"> {
  /** The node's name. */
  readonly node: string;
  readonly cluster: Cluster;
}

/** Adds to each finding what packets meet because of it. */
export function followDrift(findings: readonly Drift[], compared: ComparedNode): readonly Drift[] {
  if (findings.length === 0) return findings;
  const { node, cluster } = compared;
  const ranges = new Map(cluster.nodes.map(({ name, podCidrs }) => [name, podCidrs.map(({ text }) => text)]));
  const pair = readHostPair({ ...compared, podRanges: ranges.get(node) ?? [] });
  const services = serviceAddresses(cluster, () => undefined);
  ranges.delete(node);
  return attribute(findings, followTraffic(pair, services, ranges));
}

/**
 * Adds to each finding the packets that it concerns: those that meet one of its lines on one of the hosts only. Sets,
 * virtual servers, addresses and settings are no lines that packets meet: their Service or address decides.
 */
function attribute(findings: readonly Drift[], { faults, isComplete }: FollowedTraffic): readonly Drift[] {
  const explained = new Set<TrafficFault>();
  const found = findings.map((finding) => {
    const concerned = faults.filter((fault) => concerns(finding, fault));
    for (const fault of concerned) explained.add(fault);
    return concerned;
  });
  const rest = faults.filter((fault) => !explained.has(fault));
  return findings.map((finding, index) => {
    const own = found[index] ?? [];
    const isShared = finding.chain === undefined && finding.service === everyService;
    const all = isShared && finding.kind !== "other-rules" ? [...own, ...rest] : own;
    if (finding.kind === "other-rules" || (all.length === 0 && !isComplete)) return finding;
    return { ...finding, traffic: foldFaults(all) };
  });
}

/** One entry for destinations that are affected alike. */
function foldFaults(faults: readonly TrafficFault[]): readonly DriftTraffic[] {
  const groups = new Map<string, { destinations: Set<string>; services: Set<string>; fault: TrafficFault }>();
  for (const fault of faults) {
    const key = JSON.stringify([fault.from, fault.effect]);
    const group = groups.get(key) ?? { destinations: new Set(), services: new Set(), fault };
    groups.set(key, group);
    group.destinations.add(fault.destination);
    if (fault.service !== undefined) group.services.add(fault.service);
  }
  return [...groups.values()].map(({ destinations, services, fault: { from, effect } }) => ({
    destinations: [...destinations],
    services: [...services],
    from,
    effect,
  }));
}

function concerns(finding: Drift, fault: TrafficFault): boolean {
  const { chain, lines } = finding;
  if (chain === undefined) return ofService(finding, fault) || lines.some((line) => mentions(line, fault));
  const { family, table, name } = chain;
  // Rules in another order are the same lines on both hosts.
  if (lines.length === 0) return fault.chains.has(`${family} ${table} ${name}`);
  return lines.some((line) => fault.rules.has(`${family} ${table} ${line.slice(2)}`));
}

function ofService(finding: Drift, { service }: TrafficFault): boolean {
  return (
    service !== undefined && servicesOf(finding).some((name) => service === name || service.startsWith(`${name}:`))
  );
}

/** A set entry, virtual server or address of the destination. */
function mentions(line: string, { destination }: TrafficFault): boolean {
  const address = /^\[?([0-9a-f.:]+?)\]?(?::\d+)?(?:\/|$)/.exec(destination)?.[1];
  const port = /^nodePort (\d+)/.exec(destination)?.[1];
  const words = line.split(/[\s,]+/);
  if (port !== undefined) return words.some((word) => word === port || word.endsWith(`:${port}`));
  return address !== undefined && words.some((word) => word === address || isAt(word, address));
}

/** `10.96.0.10/32`, `10.96.0.10:80`, `[fd00::a]:80` */
function isAt(word: string, address: string): boolean {
  return (
    word.startsWith(`${address}/`) ||
    word.startsWith(`[${address}]`) ||
    (!address.includes(":") && word.startsWith(`${address}:`))
  );
}
