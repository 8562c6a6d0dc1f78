import { textsOf } from "../ir/lines.ts";
import type { Family } from "../model/address.ts";
import type {
  FamilyPlan,
  FamilySettings,
  ForwardingPlan,
  ServicePortPlan,
} from "../plan/forwarding/forwarding-plan.ts";
import { iptablesChains as chains, ipvsChains } from "../programs/kube-proxy/chain-names.ts";
import { lowerServicePort as lowerToRules } from "../programs/kube-proxy/iptables/lower-service-port.ts";
import { createSections, type SectionName } from "../programs/kube-proxy/iptables/sections.ts";
import { type Collected, createCollected, createContext } from "../programs/kube-proxy/ipvs/ipvs-objects.ts";
import { lowerServicePort as lowerToServers } from "../programs/kube-proxy/ipvs/lower-service-port.ts";
import { keyOf } from "./store.ts";

/** All that one Service's ports ask for in one family. */
export interface Fragment {
  /** All there are, ready or not. */
  readonly endpoints: number;
  /** The chains of table nat that belong to the Service alone, each before those it leads to. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Its rules in chains that it shares, by `nat KUBE-SERVICES`. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
  readonly counters: ReadonlySet<string>;
  /** In ipvs mode. */
  readonly collected: Collected | undefined;
}

export const noFragment: Fragment = {
  endpoints: 0,
  own: new Map(),
  shared: new Map(),
  counters: new Set(),
  collected: undefined,
};

/** By family, then by the key of the Service, in name order. */
export type Fragments = ReadonlyMap<Family, ReadonlyMap<string, Fragment>>;

export interface LowerRequest {
  readonly plan: ForwardingPlan;
  readonly isIpvs: boolean;
  /** Families with more endpoints than the plan knows of. */
  readonly large: ReadonlySet<Family>;
  /** Own chains and real servers are not asked for: lines are only to be counted. */
  readonly countsOnly?: boolean;
}

/** Lowers the Services of a plan, each for itself. */
export function lowerServices(request: LowerRequest): Fragments {
  return new Map(request.plan.families.map((family) => [family.family, lowerFamily(family, request)]));
}

function lowerFamily(family: FamilyPlan, request: LowerRequest): ReadonlyMap<string, Fragment> {
  const settings: FamilySettings = { ...family.settings, largeCluster: request.large.has(family.family) };
  const lower = request.isIpvs ? collector(settings, request.plan) : ruleWriter(settings);
  const fragments = new Map<string, Fragment>();
  let ports: ServicePortPlan[] = [];
  const flush = (): void => {
    const [first] = ports;
    if (first !== undefined) fragments.set(keyOf(first.service), lower(ports));
    ports = [];
  };
  for (const port of family.servicePorts) {
    if (ports[0] !== undefined && ports[0].service !== port.service) flush();
    ports.push(request.countsOnly ? withoutEndpoints(port) : port);
  }
  flush();
  return fragments;
}

/** What is shared hangs on the routes, which are resolved, and on the endpoints there are. */
function withoutEndpoints(port: ServicePortPlan): ServicePortPlan {
  return { ...port, endpoints: { known: port.endpoints.known, cluster: [], local: [] } };
}

type Lower = (ports: readonly ServicePortPlan[]) => Fragment;

/** The chains that sections add to; the sections of own chains have none. */
const sharedChains: Readonly<Partial<Record<SectionName, string>>> = {
  "filter nodePorts": `filter ${chains.nodePorts}`,
  "filter services": `filter ${chains.services}`,
  "filter externalServices": `filter ${chains.externalServices}`,
  "filter proxyFirewall": `filter ${chains.proxyFirewall}`,
  "nat services": `nat ${chains.services}`,
  "nat nodePorts": `nat ${chains.nodePorts}`,
};

function ruleWriter(settings: FamilySettings): Lower {
  return (ports) => {
    const sections = createSections(false);
    for (const port of ports) lowerToRules(port, settings, sections);
    const shared = new Map<string, readonly string[]>();
    for (const section in sharedChains) {
      const lines = sections.lines[section as SectionName];
      if (lines.count > 0) shared.set(sharedChains[section as SectionName] as string, textsOf(lines));
    }
    const own = new Map<string, string[]>();
    for (const declaration of textsOf(sections.lines["nat declarations"])) own.set(secondWord(declaration, 1), []);
    for (const rule of textsOf(sections.lines["nat own"])) own.get(secondWord(rule, 3))?.push(rule);
    return { endpoints: countKnown(ports), own, shared, counters: sections.counters, collected: undefined };
  };
}

/** From there to the next blank. */
function secondWord(line: string, start: number): string {
  return line.slice(start, line.indexOf(" ", start));
}

function collector(settings: FamilySettings, { ipvs }: ForwardingPlan): Lower {
  const context = createContext(settings, ipvs, () => {});
  return (ports) => {
    const collected = createCollected();
    for (const port of ports) lowerToServers(port, context, collected);
    const closed = collected.closedToNode.map(({ rule }) => rule);
    const shared = new Map(closed.length === 0 ? [] : [[`filter ${ipvsChains.ipvsOutFilter}`, closed]]);
    return { ...noFragment, endpoints: countKnown(ports), shared, collected };
  };
}

function countKnown(ports: readonly ServicePortPlan[]): number {
  return ports.reduce((sum, { endpoints }) => sum + endpoints.known.length, 0);
}
