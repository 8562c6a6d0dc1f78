import type { Destination } from "../diff/destinations/referenced-destinations.ts";
import { serviceAddresses } from "../diff/destinations/service-addresses.ts";
import type { Cluster } from "../model/cluster.ts";
import { everyService } from "../reconcile/attribution.ts";
import type { Drift, DriftTraffic } from "./drift.ts";
import { type ComparedHost, createDamage, type HostPair, readHostPair } from "./drift-hosts.ts";
import { faultsAt, followTraffic, type NamedNode, type TrafficFault } from "./drift-traffic.ts";
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
  ranges.delete(node);
  const named = { services: serviceAddresses(cluster, () => undefined), podRangesOf: ranges, world: pair.live.world };
  return attribute(findings, pair, named);
}

/** A fault as one difference causes it. */
interface OwnFault extends Pick<DriftTraffic, "isHidden"> {
  readonly fault: TrafficFault;
}

/** For the differences of a few hundred chains. After that, those that packets meet are taken for the cause. */
const mostEvaluations = 600;

/**
 * A difference in rules has those faults that the host would also have without all other differences. Sets, virtual
 * servers, addresses and settings are not told apart in this way: their Service or address decides.
 */
function attribute(findings: readonly Drift[], pair: HostPair, node: NamedNode): readonly Drift[] {
  const named = new Set(findings.flatMap(servicesOf));
  const isConcerned = (service: string): boolean => named.has(service) || named.has(service.replace(/:.*/, ""));
  const { faults, isComplete } = followTraffic(pair, node, isConcerned);
  const concern = createConcern(faults);
  const damage = createDamage(pair);
  const explained = new Set<Destination>();
  let evaluations = 0;
  const causes = findings.map((finding): readonly OwnFault[] => {
    const { chain } = finding;
    const concerned = concern(finding);
    if (concerned.length === 0) return [];
    if (chain === undefined || evaluations > mostEvaluations) {
      for (const { destination } of concerned) explained.add(destination);
      return concerned.map(shown);
    }
    const alone = { desired: pair.desired, live: damage({ ...finding, chain }) };
    const destinations = new Set(concerned.map(({ destination }) => destination));
    evaluations += destinations.size;
    return [...destinations].flatMap((destination) => {
      const own = faultsAt(destination, alone, node);
      if (own.length > 0) explained.add(destination);
      const joint = concerned.filter((fault) => fault.destination === destination);
      const isHidden = (effect: string): boolean => !joint.some((fault) => fault.effect.includes(effect));
      return own.map((fault) => ({ fault, isHidden: isHidden(fault.effect) }));
    });
  });
  const rest = faults.filter(({ destination }) => !explained.has(destination));
  const restOf = createConcern(rest);
  return findings.map((finding, index) => {
    if (finding.kind === "other-rules") return finding;
    const isShared = finding.chain === undefined && finding.service === everyService;
    const joint = isShared ? rest : restOf(finding);
    const own = [...(causes[index] ?? []), ...joint.map(shown)];
    if (own.length === 0 && !isComplete) return finding;
    return judged({ ...finding, traffic: foldFaults(own, isComplete) });
  });
}

function shown(fault: TrafficFault): OwnFault {
  return { fault, isHidden: false };
}

/** Rules of other programs that change the fate of no packet are no drift. */
function judged(finding: Drift & Required<Pick<Drift, "traffic">>): Drift {
  const isHarmless = finding.kind === "foreign-rules-first" && finding.traffic.length === 0;
  return isHarmless ? { ...finding, isDrift: false } : finding;
}

/** One entry for destinations that are affected alike. */
function foldFaults(faults: readonly OwnFault[], isComplete: boolean): readonly DriftTraffic[] {
  const everywhere = new Set(
    faults.flatMap(({ fault: { name, from, effect } }) => (from[0] === "anywhere" ? [`${name} ${effect}`] : [])),
  );
  const groups = new Map<string, { destinations: Set<string>; services: Set<string>; own: OwnFault }>();
  for (const own of faults) {
    const { name, service, from, effect } = own.fault;
    // A node port answers on several addresses of the node, loopback among them.
    if (from[0] !== "anywhere" && everywhere.has(`${name} ${effect}`)) continue;
    const key = JSON.stringify([from, effect, own.isHidden]);
    const group = groups.get(key) ?? { destinations: new Set(), services: new Set(), own };
    groups.set(key, group);
    group.destinations.add(name);
    if (service !== undefined) group.services.add(service);
  }
  const isNamed = ({ own: { fault } }: { readonly own: OwnFault }): boolean =>
    fault.destination.kind === "address" || fault.destination.kind === "node-port";
  const ordered = [...groups.values()].sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
  return ordered.map(({ destinations, services, own: { fault, isHidden } }) => ({
    destinations: [...destinations],
    services: [...services],
    from: fault.from,
    effect: fault.effect,
    isHidden,
    isComplete,
  }));
}

/** Finds the faults that a finding may cause: packets meet one of its lines on one of the hosts only. */
function createConcern(faults: readonly TrafficFault[]): (finding: Drift) => readonly TrafficFault[] {
  const byRule = indexed(faults, ({ rules }) => rules);
  const byChain = indexed(faults, ({ chains }) => chains);
  const byService = indexed(faults, ({ service }) =>
    service === undefined ? [] : [service, service.replace(/:.*/, "")],
  );
  return (finding) => {
    const { chain, lines } = finding;
    if (chain === undefined) {
      const own = new Set(servicesOf(finding).flatMap((name) => byService.get(name) ?? []));
      return own.size > 0 ? [...own] : faults.filter((fault) => lines.some((line) => mentions(line, fault)));
    }
    const place = `${chain.family} ${chain.table}`;
    // Rules in another order are the same lines on both hosts.
    if (lines.length === 0) return byChain.get(`${place} ${chain.name}`) ?? [];
    return [...new Set(lines.flatMap((line) => byRule.get(`${place} ${line.slice(2)}`) ?? []))];
  };
}

function indexed(
  faults: readonly TrafficFault[],
  keysOf: (fault: TrafficFault) => Iterable<string>,
): ReadonlyMap<string, readonly TrafficFault[]> {
  const index = new Map<string, TrafficFault[]>();
  for (const fault of faults) {
    for (const key of new Set(keysOf(fault))) {
      const known = index.get(key);
      if (known === undefined) index.set(key, [fault]);
      else known.push(fault);
    }
  }
  return index;
}

/** A set entry, virtual server or address of the destination. */
function mentions(line: string, { destination: { kind, address, port } }: TrafficFault): boolean {
  const words = line.split(/[\s,]+/);
  if (kind === "node-port") return words.some((word) => word === String(port) || word.endsWith(`:${port}`));
  return kind === "address" && words.some((word) => word === address || isAt(word, address));
}

/** `10.96.0.10/32`, `10.96.0.10:80`, `[fd00::a]:80` */
function isAt(word: string, address: string): boolean {
  return (
    word.startsWith(`${address}/`) ||
    word.startsWith(`[${address}]`) ||
    (!address.includes(":") && word.startsWith(`${address}:`))
  );
}
