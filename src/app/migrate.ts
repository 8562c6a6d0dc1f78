import { findChanges, type Migration } from "../migrate/migrate.ts";
import type { MigrationFacts } from "../migrate/rule.ts";
import { isProxied } from "../model/objects/service.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
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
  const findings = findChanges(facts);
  return {
    name: sides.base.label.name,
    from: facts.from,
    to: request.toMode,
    nodes: sides.head.nodes.map(({ name }) => name),
    findings,
    configuration: [
      { path: ["mode"], value: request.toMode },
      ...findings.flatMap(({ configuration }) => configuration),
    ],
    assumptions: [...new Set([...sides.base.assumptions, ...sides.head.assumptions])],
  };
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
  const ofHead = new Map(head.nodes.map((node) => [node.name, node]));
  const services = cluster.services.filter(isProxied);
  return {
    from: cluster.proxyConfiguration.mode,
    cluster,
    documents: inputs.documents.map(({ value }) => value),
    pairs: base.nodes.flatMap((node) => {
      const after = ofHead.get(node.name);
      return after === undefined ? [] : [{ base: node, head: after }];
    }),
    services: new Map(services.map((service) => [`${service.namespace}/${service.name}`, service])),
  };
}
