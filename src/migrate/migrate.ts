import type { CatalogEntry } from "../diagnostics/catalog/entry.ts";
import { catalog } from "../diagnostics/catalog.ts";
import { countHidden, type Narrowing, type NotShown, narrowItems } from "../filter/narrowing.ts";
import { isRecord } from "../model/fields/fields.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { servicePortName } from "../plan/forwarding/resolve-service-port.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import {
  type ConfigurationChange,
  type ExampleOnNode,
  type Finding,
  type FindingLevel,
  findingLevels,
} from "./finding.ts";
import { foreignHooks, hostFirewall, kernelTooOld } from "./host-rules.ts";
import {
  affinityScope,
  boundAddresses,
  ipvsConnections,
  ipvsTimeouts,
  persistenceRestarts,
  strictArp,
} from "./leaving-ipvs.ts";
import {
  everyNode,
  isAtClusterIp,
  type MigrationFacts,
  type MigrationRule,
  type StateFinding,
  type StateRule,
  type TrafficRule,
} from "./rule.ts";
import {
  affinityRestarts,
  hairpin,
  invalidPackets,
  localPolicyDrops,
  localPolicyInCluster,
  nodePortsOnLoopback,
  nodePortsOnPrimaryAddress,
  otherTraffic,
  refusedOtherwise,
  scheduler,
  sourceAddress,
  sourceRanges,
  unallocatedAddresses,
  unusedPortsPassedOn,
  unusedPortsRejected,
} from "./traffic-rules.ts";

/** In the order in which they are asked for the reason of a difference. */
const rules: readonly MigrationRule[] = [
  kernelTooOld,
  invalidPackets,
  hostFirewall,
  nodePortsOnLoopback,
  nodePortsOnPrimaryAddress,
  unallocatedAddresses,
  unusedPortsRejected,
  unusedPortsPassedOn,
  sourceRanges,
  localPolicyDrops,
  foreignHooks,
  ipvsConnections,
  boundAddresses,
  hairpin,
  localPolicyInCluster,
  scheduler,
  affinityRestarts,
  persistenceRestarts,
  affinityScope,
  sourceAddress,
  refusedOtherwise,
  ipvsTimeouts,
  strictArp,
  otherTraffic,
];

/** What changes for a cluster whose kube-proxy leaves a mode. */
export interface Migration {
  readonly name: string;
  readonly from: ProxyMode;
  readonly to: ProxyMode;
  readonly nodes: readonly string[];
  /** Worst first. Of a narrowed report only those of the Services shown, and those that concern no Service in particular. */
  readonly findings: readonly Finding[];
  /** What a narrowed report leaves out: findings, and the Services that they concern. */
  readonly notShown: NotShown | undefined;
  /** The whole configuration to use: the given one with the changes. */
  readonly proxyConfiguration: Readonly<Record<string, unknown>>;
  readonly configuration: readonly ConfigurationChange[];
  /** What stays as it is. One sentence each, without a full stop. */
  readonly unchanged: readonly string[];
  readonly assumptions: readonly string[];
}

export interface Changes {
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly notShown: NotShown | undefined;
  /** What keeps things as they are, for all Services, shown or not: nodes have one configuration. */
  readonly configuration: readonly ConfigurationChange[];
  /** Service ports that change at a cluster IP. */
  readonly changedPorts: ReadonlySet<string>;
}

/** Not counted as a change of a cluster IP: no packet that a client of the Service sends on purpose. */
const besides: readonly MigrationRule[] = [unusedPortsRejected, hairpin];

/** The findings about a cluster: what packets of both modes show, and what state shows. */
export function findChanges(facts: MigrationFacts, narrowing?: Narrowing): Changes {
  const { groups, changedPorts } = groupEvidence(facts);
  const reasons = rules.flatMap((rule): readonly Reason[] =>
    rule.kind === "traffic"
      ? byLevel(rule, groups.get(rule) ?? []).map((group) => trafficReason(group, facts, narrowing))
      : stateReason(rule, facts, narrowing),
  );
  const hidden = reasons.filter(({ hidden }) => hidden.length > 0);
  return {
    findings: worstFirst(reasons.flatMap(({ finding }) => finding ?? [])),
    notShown: narrowing && countHidden(hidden, ({ hidden }) => hidden, narrowing),
    configuration: onePerField(reasons.flatMap(({ configuration }) => configuration)),
    changedPorts,
  };
}

/** By the first rule that explains it. */
function groupEvidence(facts: MigrationFacts): {
  readonly groups: ReadonlyMap<TrafficRule, readonly Evidence[]>;
  readonly changedPorts: ReadonlySet<string>;
} {
  const traffic = rules.filter((rule) => rule.kind === "traffic");
  const groups = new Map<TrafficRule, Evidence[]>();
  const changedPorts = new Set<string>();
  for (const pair of facts.pairs) {
    for (const evidence of evidenceOf(pair)) {
      const rule = traffic.find(({ explains }) => explains(evidence, facts)) ?? otherTraffic;
      if (!besides.includes(rule) && isAtClusterIp(evidence, facts)) changedPorts.add(evidence.service ?? "");
      const found = groups.get(rule);
      if (found === undefined) groups.set(rule, [evidence]);
      else found.push(evidence);
    }
  }
  return { groups, changedPorts };
}

interface Group {
  readonly rule: TrafficRule;
  readonly level: FindingLevel;
  readonly found: readonly Evidence[];
}

/** Where a rule takes access from some clients or gives it, the packets of others are worth no more than a note. */
function byLevel(rule: TrafficRule, found: readonly Evidence[]): readonly Group[] {
  const isAccessChanged = found.some(({ access }) => access !== "same");
  const levels = new Map<FindingLevel, Evidence[]>();
  for (const evidence of found) {
    const level = isAccessChanged && evidence.access === "same" ? "note" : levelOf(rule, evidence);
    const ofLevel = levels.get(level);
    if (ofLevel === undefined) levels.set(level, [evidence]);
    else ofLevel.push(evidence);
  }
  return [...levels].map(([level, ofLevel]) => ({ rule, level, found: ofLevel }));
}

/** One reason for differences: what is shown of it, and the Services that are not shown. */
interface Reason {
  readonly finding: Finding | undefined;
  readonly hidden: readonly string[];
  readonly configuration: readonly ConfigurationChange[];
}

function trafficReason(group: Group, facts: MigrationFacts, narrowing: Narrowing | undefined): Reason {
  const { rule, found } = group;
  const namesOf = ({ service }: Evidence): readonly string[] => (service === undefined ? [] : [service]);
  const { shown, hidden } = narrowItems(found, namesOf, narrowing);
  const finding = shown.length === 0 ? undefined : findingOf({ ...group, found: shown }, facts);
  const configuration = rule.configuration?.(found, facts) ?? [];
  return { finding, hidden: hidden.flatMap(namesOf), configuration };
}

function stateReason(rule: StateRule, facts: MigrationFacts, narrowing: Narrowing | undefined): readonly Reason[] {
  const found = rule.find(facts);
  if (found === undefined) return [];
  const { services = [], configuration = [] } = found;
  const hidden = narrowItems(services, (name) => [name], narrowing).hidden;
  const shown = rule.find(shownFacts(facts, narrowing));
  return [{ finding: shown && stateFinding(rule, shown, facts), hidden, configuration }];
}

/** The same with the Services that are shown alone. */
export function shownFacts(facts: MigrationFacts, narrowing: Narrowing | undefined): MigrationFacts {
  const { shown } = narrowItems([...facts.services], ([name]) => [name], narrowing);
  return { ...facts, services: new Map(shown) };
}

/** Several reasons may propose the same value. */
function onePerField(changes: readonly ConfigurationChange[]): readonly ConfigurationChange[] {
  return [...new Map(changes.map((change) => [change.path.join("."), change])).values()];
}

function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ level, isSolvedByConfiguration }: Finding): number =>
    2 * findingLevels.indexOf(level) + (isSolvedByConfiguration ? 1 : 0);
  return findings.toSorted((a, b) => rank(a) - rank(b));
}

/** Marks the findings that are gone with the proposed configuration, and adds those that only it has. */
export function markSolved(findings: readonly Finding[], remaining: readonly Finding[]): readonly Finding[] {
  const keyOf = ({ code, level }: Finding): string => `${code} ${level}`;
  const [known, left] = [new Set(findings.map(keyOf)), new Set(remaining.map(keyOf))];
  const marked = findings.map((finding) => ({ ...finding, isSolvedByConfiguration: !left.has(keyOf(finding)) }));
  return worstFirst([...marked, ...remaining.filter((finding) => !known.has(keyOf(finding)))]);
}

/** The given configuration with some fields set. */
export function configurationWith(
  given: Readonly<Record<string, unknown>>,
  changes: readonly ConfigurationChange[],
): Readonly<Record<string, unknown>> {
  return changes.reduce((document, { path, value }) => withField(document, path, value), given);
}

function withField(
  document: Readonly<Record<string, unknown>>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const inner = document[key];
  return { ...document, [key]: rest.length === 0 ? value : withField(isRecord(inner) ? inner : {}, rest, value) };
}

/** What the comparison found to be the same. */
export function findUnchanged(
  { changedPorts }: Changes,
  { from, to, traits, services }: MigrationFacts,
): readonly string[] {
  const all = new Set(
    [...services.values()].flatMap((service) => service.ports.map((port) => servicePortName(service, port))),
  );
  const same = [...all].filter((name) => !changedPorts.has(name)).length;
  const hasHealthChecks = [...services.values()].some(({ healthCheckNodePort }) => healthCheckNodePort !== undefined);
  return [
    ...(same === 0
      ? []
      : [`cluster IPs of ${same} of ${all.size} service ports: the same endpoints, load distribution and client IPs`]),
    ...(hasHealthChecks ? ["health checks on healthCheckNodePort: kube-proxy itself answers them in every mode"] : []),
    ...(from !== to && traits.balancing === "chance" ? ["open connections: conntrack keeps their translation"] : []),
  ];
}

function levelOf({ code }: MigrationRule, { access }: Pick<Evidence, "access">): FindingLevel {
  if (access !== "same") return access === "lost" ? "access-lost" : "access-gained";
  const { severity }: CatalogEntry = catalog[code];
  return severity === "error" ? "blocked" : severity === "warning" ? "attention" : "note";
}

function findingOf({ rule, level, found }: Group, facts: MigrationFacts): Finding {
  const { message, hint }: CatalogEntry = catalog[rule.code];
  return {
    code: rule.code,
    level,
    message,
    hint,
    details: rule.details?.(found, facts) ?? [],
    services: sorted(found.flatMap(({ service }) => service ?? [])),
    nodes: sorted(found.map(({ node }) => node)),
    example: exampleOf(found),
    configuration: rule.configuration?.(found, facts) ?? [],
    isSolvedByConfiguration: false,
  };
}

/**
 * Of a Service and from the network, where there is one: that is what most people ask about. None where both sides read
 * alike: they differ in what the share of an endpoint does not show, as a scheduler.
 */
function exampleOf(found: readonly Evidence[]): ExampleOnNode | undefined {
  const rank = ({ service, entry }: Evidence): number =>
    (service === undefined ? 2 : 0) + (entry === "outside" ? 0 : 1);
  const [best] = found.toSorted((a, b) => rank(a) - rank(b));
  const packet = best?.packet();
  if (best === undefined || packet === undefined || packet.was === packet.now) return undefined;
  return { ...packet, node: best.node, service: best.service };
}

function stateFinding(rule: MigrationRule, found: StateFinding, facts: MigrationFacts): Finding {
  const { message, hint }: CatalogEntry = catalog[rule.code];
  return {
    code: rule.code,
    level: levelOf(rule, { access: "same" }),
    message,
    hint,
    details: found.details ?? [],
    services: found.services ?? [],
    nodes: found.nodes ?? everyNode(facts),
    example: undefined,
    configuration: found.configuration ?? [],
    isSolvedByConfiguration: false,
  };
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compareBytes);
}

/** Whether somebody loses or gains access. */
export function isAccessChanged({ findings }: Pick<Migration, "findings">): boolean {
  return findings.some(({ level }) => level === "blocked" || level === "access-lost" || level === "access-gained");
}
