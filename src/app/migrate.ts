import { createSink } from "../diagnostics/diagnostic.ts";
import { originOf } from "../diagnostics/place.ts";
import type { Side } from "../diff/side.ts";
import type { ConfigurationChange, Finding } from "../migrate/finding.ts";
import { configurationWith, findChanges, findUnchanged, type Migration, markSolved } from "../migrate/migrate.ts";
import type { MigrationFacts } from "../migrate/rule.ts";
import { parseCidr } from "../model/address.ts";
import { isRecord, valueAt } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { isProxied } from "../model/objects/service.ts";
import type { ProxyConfiguration, ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { type Effects, Failure } from "./effects.ts";
import { hasState, type StateRequest } from "./requests.ts";
import { readSides, type Sides } from "./sides/read-sides.ts";

export interface MigrateRequest extends StateRequest {
  readonly toMode: ProxyMode;
}

/** Reports what changes for a cluster when kube-proxy changes its mode on every node. */
export async function findMigration(request: MigrateRequest, effects: Effects): Promise<Migration> {
  if (!hasState(request)) throw new Failure("no input: pass -f FILE or --live", "usage");
  const sides = await readSides(request, { ...effects, onNotice: withoutInfo(effects.onNotice) });
  effects.onProgress("comparing the modes");
  const facts = factsOf(sides);
  const found = findChanges(facts);
  const changes: readonly ConfigurationChange[] = [
    ...(facts.from === request.toMode ? [] : [{ path: ["mode"], value: request.toMode }]),
    ...found.findings.flatMap(({ configuration }) => configuration),
  ];
  const findings = withSolved(found.findings, { changes, facts, sides });
  return {
    name: sides.base.label.name,
    from: facts.from,
    to: request.toMode,
    nodes: sides.head.nodes.map(({ name }) => name),
    findings,
    configuration: changes,
    proxyConfiguration: configurationWith(givenConfiguration(sides), changes),
    unchanged: findUnchanged(found, facts),
    assumptions: [...new Set([...sides.base.assumptions, ...sides.head.assumptions])],
  };
}

interface Proposal {
  readonly changes: readonly ConfigurationChange[];
  readonly facts: MigrationFacts;
  readonly sides: Sides;
}

/** Compares once more with the proposed configuration, where it changes packets. */
function withSolved(found: readonly Finding[], { changes, facts, sides }: Proposal): readonly Finding[] {
  const settings = settingsOf(changes);
  const head = Object.keys(settings).length === 0 ? undefined : sides.headWith(settings);
  if (head === undefined) return found;
  return markSolved(found, findChanges({ ...facts, pairs: pairsOf(sides.base, head) }).findings);
}

/** Those of the changes that decide about packets. */
function settingsOf(changes: readonly ConfigurationChange[]): Partial<ProxyConfiguration> {
  const valueAtPath = (path: string) => changes.find((change) => change.path.join(".") === path)?.value;
  const texts = valueAtPath("nodePortAddresses");
  return {
    ...(typeof texts === "object" ? { nodePortAddresses: texts.flatMap((text) => parseCidr(text) ?? []) } : {}),
    ...(valueAtPath("nftables.masqueradeAll") === true ? { masqueradeAll: true } : {}),
  };
}

function givenConfiguration({ states: [state] }: Sides): Readonly<Record<string, unknown>> {
  const place = state?.cluster.proxyConfiguration.place;
  const values = state?.inputs.documents.map(({ value }) => value) ?? [];
  const given = place === undefined ? undefined : valueAt(values, originOf(place));
  return isRecord(given) ? given : { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration" };
}

/** The notes about a mode are findings here, in more detail. */
function withoutInfo(onNotice: Effects["onNotice"]): Effects["onNotice"] {
  return (notice) => {
    if (notice.kind !== "diagnostics") return onNotice(notice);
    const groups = notice.groups
      .map((group) => ({ ...group, diagnostics: group.diagnostics.filter(({ severity }) => severity !== "info") }))
      .filter(({ diagnostics }) => diagnostics.length > 0);
    if (groups.length > 0) onNotice({ ...notice, groups });
  };
}

function factsOf({ base, head, states: [state] }: Sides): MigrationFacts {
  if (state === undefined) throw new Failure("migrate compares the modes of a cluster: pass its state", "usage");
  const { cluster, inputs } = state;
  const services = cluster.services.filter(isProxied);
  const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  return {
    from: cluster.proxyConfiguration.mode,
    cluster,
    objects: flattenDocuments(values, createSink()),
    pairs: pairsOf(base, head),
    services: new Map(services.map((service) => [`${service.namespace}/${service.name}`, service])),
  };
}

function pairsOf(base: Side, head: Side): MigrationFacts["pairs"] {
  const ofHead = new Map(head.nodes.map((node) => [node.name, node]));
  return base.nodes.flatMap((node) => {
    const after = ofHead.get(node.name);
    return after === undefined ? [] : [{ base: node, head: after }];
  });
}
