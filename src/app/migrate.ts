import { createSink } from "../diagnostics/diagnostic.ts";
import { originOf } from "../diagnostics/place.ts";
import type { NodePair } from "../diff/describe-change.ts";
import { type HostSide, hostSideOf } from "../diff/host-side.ts";
import type { Side } from "../diff/side.ts";
import type { Narrowing } from "../filter/narrowing.ts";
import type { ConfigurationChange, Finding } from "../migrate/finding.ts";
import {
  configurationWith,
  findChanges,
  findUnchanged,
  type Migration,
  markSolved,
  shownFacts,
} from "../migrate/migrate.ts";
import type { MigrationFacts } from "../migrate/rule.ts";
import { parseCidr } from "../model/address.ts";
import { isRecord, valueAt } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { isProxied } from "../model/objects/service.ts";
import type { ProxyConfiguration, ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { programFor } from "../programs/registry.ts";
import { cleanups } from "../programs/traffic-registry.ts";
import { type Effects, Failure } from "./effects.ts";
import { narrowingOf } from "./narrowing.ts";
import { readDumps } from "./read-dumps.ts";
import { hasState, type NarrowRequest, type StateRequest } from "./requests.ts";
import { readSides, type Sides } from "./sides/read-sides.ts";

export interface MigrateRequest extends StateRequest, NarrowRequest {
  readonly toMode: ProxyMode;
  /** Files and folders with dumps of nodes. */
  readonly actual?: readonly string[];
}

/** Reports what changes for a cluster when kube-proxy changes its mode on every node. */
export async function findMigration(request: MigrateRequest, effects: Effects): Promise<Migration> {
  if (!hasState(request)) throw new Failure("no input: pass -f FILE or --live", "usage");
  const sides = await readSides(request, { ...effects, onNotice: withoutInfo(effects.onNotice) });
  effects.onProgress("comparing the modes");
  const facts = factsOf(sides, request.toMode, await dumpsOf(request, sides, effects));
  const narrowing = narrowingOf(request, { clusters: sides.clusters, lines: () => [] }, effects);
  const found = findChanges(facts, narrowing);
  const changes: readonly ConfigurationChange[] = [
    ...(facts.from === request.toMode ? [] : [{ path: ["mode"], value: request.toMode }]),
    ...found.configuration,
  ];
  const findings = withSolved(found.findings, { changes, facts, sides, narrowing });
  return {
    name: sides.base.label.name,
    from: facts.from,
    to: request.toMode,
    nodes: sides.head.nodes.map(({ name }) => name),
    findings,
    notShown: found.notShown,
    configuration: changes,
    proxyConfiguration: configurationWith(givenConfiguration(sides), changes),
    unchanged: findUnchanged(found, shownFacts(facts, narrowing)),
    assumptions: [...new Set([...sides.base.assumptions, ...sides.head.assumptions])],
  };
}

interface Proposal {
  readonly changes: readonly ConfigurationChange[];
  readonly facts: MigrationFacts;
  readonly sides: Sides;
  readonly narrowing: Narrowing | undefined;
}

/** Compares once more with the proposed configuration, where it changes packets. */
function withSolved(found: readonly Finding[], { changes, facts, sides, narrowing }: Proposal): readonly Finding[] {
  const settings = settingsOf(changes);
  const head = Object.keys(settings).length === 0 ? undefined : sides.headWith(settings);
  if (head === undefined) return found;
  return markSolved(
    found,
    findChanges({ ...facts, pairs: pairsOf(sides.base, head, facts.dumps) }, narrowing).findings,
  );
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

function factsOf(
  { base, head, states: [state] }: Sides,
  to: ProxyMode,
  dumps: MigrationFacts["dumps"],
): MigrationFacts {
  if (state === undefined) throw new Failure("migrate compares the modes of a cluster: pass its state", "usage");
  const { cluster, inputs } = state;
  const services = cluster.services.filter(isProxied);
  const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  return {
    from: cluster.proxyConfiguration.mode,
    to,
    traits: programFor(cluster.proxyConfiguration).traits,
    cluster,
    objects: flattenDocuments(values, createSink()),
    dumps,
    pairs: pairsOf(base, head, dumps),
    services: new Map(services.map((service) => [`${service.namespace}/${service.name}`, service])),
  };
}

/** The dumps by node. One without a name belongs to the only node. */
async function dumpsOf(
  { actual = [] }: MigrateRequest,
  { base, states: [state] }: Sides,
  effects: Effects,
): Promise<MigrationFacts["dumps"]> {
  const found = new Map<string, HostSide>();
  const mode = state?.cluster.proxyConfiguration.mode;
  const names = base.nodes.map(({ name }) => name);
  for (const document of actual.length === 0 ? [] : await readDumps(actual, effects)) {
    const side = hostSideOf(document, document.name ?? actual.join(", "));
    if (typeof side === "string") throw new Failure(side, "invalid-input");
    const name = side.name ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined) throw new Failure("a dump has no node name: pass --node for the node it is of", "usage");
    if (!names.includes(name)) throw new Failure(`the dump is of ${name}, which is not compared`, "invalid-input");
    if (side.mode !== mode) {
      const rules = `the dump of ${name} has no rules of kube-proxy in ${mode} mode`;
      effects.onNotice({ kind: "warning", text: `${rules}: packets are compared without the host's other rules` });
    }
    found.set(name, side);
  }
  return found;
}

/** The nodes on both sides; where there is a dump of one, with everything else that the host has. */
function pairsOf(base: Side, head: Side, dumps: MigrationFacts["dumps"]): MigrationFacts["pairs"] {
  const ofHead = new Map(head.nodes.map((node) => [node.name, node]));
  return base.nodes.flatMap((node) => {
    const after = ofHead.get(node.name);
    const dump = dumps.get(node.name);
    if (after === undefined) return [];
    const isComparable = dump !== undefined && dump.mode === node.mode;
    return [!isComparable ? { base: node, head: after } : onHost(dump, { base: node, head: after })];
  });
}

function onHost({ texts, addresses, routes }: HostSide, { base, head }: NodePair): NodePair {
  const foreign = cleanups.reduce((rest, { withoutProgram }) => withoutProgram(rest), texts);
  const world = { ...base.world, ...(addresses === undefined ? {} : { nodeAddresses: addresses }), routes };
  const nftables = [...(foreign.nftables ?? []), ...(head.texts.nftables ?? [])];
  return { base: { ...base, texts, world }, head: { ...head, texts: { ...foreign, nftables }, world } };
}
