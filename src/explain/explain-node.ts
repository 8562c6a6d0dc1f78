import { familyNames } from "../model/address.ts";
import type { FamilyPlan, FamilySettings, LocalTrafficDetector } from "../plan/forwarding/forwarding-plan.ts";
import { joinWords } from "./not-programmed/endpoints.ts";
import type { NodeFacts, NotProgrammed } from "./not-programmed/not-programmed.ts";
import { portOmissions } from "./not-programmed/ports.ts";
import { ownLines } from "./service-lines.ts";
import type { Texts } from "./texts.ts";

/** What determines the rules of a node, and the resulting counts. */
export interface NodeExplanation {
  readonly node: string;
  readonly facts: readonly NodeFact[];
  /** What follows from the node's position: policies and hints that keep traffic away from endpoints. */
  readonly omissions: readonly NotProgrammed[];
  readonly lines: { readonly total: number; readonly always: number };
}

export interface NodeFact {
  readonly what: string;
  readonly value: string;
}

const aboutNode = new Set<NotProgrammed["reason"]>([
  "no-local-endpoints",
  "local-policy-falls-back",
  "node-ports-match-nothing",
  "source-ranges-node-outside",
]);

/** Explains a Node from its resolved plan. */
export function explainNode(facts: NodeFacts, texts: Texts): NodeExplanation {
  const {
    plan,
    zone,
    program: { mode },
    name,
  } = facts;
  const counts = { ports: 0, known: 0, here: 0 };
  const omissions: NotProgrammed[] = [];
  for (const { servicePorts, settings } of plan.families) {
    for (const port of servicePorts) {
      counts.ports += 1;
      counts.known += port.endpoints.all.length;
      counts.here += port.endpoints.all.filter(({ isLocal }) => isLocal).length;
      omissions.push(...portOmissions(port, settings, facts).filter(({ reason }) => aboutNode.has(reason)));
    }
  }
  const lines = { total: 0, always: 0 };
  ownLines(texts, (_text, _chain, cause) => {
    lines.total += 1;
    if (cause?.object === "kube-proxy") lines.always += 1;
    return false;
  });
  return {
    node: name,
    facts: [
      { what: "mode", value: mode },
      { what: "families", value: joinWords(plan.families.map(({ family }) => familyNames[family])) },
      { what: "zone", value: zone ?? "none: zone hints are ignored" },
      ...plan.families.flatMap(familyFacts),
      { what: "service ports", value: String(counts.ports) },
      { what: "local endpoints", value: `${counts.here} of ${counts.known}` },
    ],
    omissions,
    lines,
  };
}

function familyFacts({ family, settings }: FamilyPlan): readonly NodeFact[] {
  const suffix = ` (${familyNames[family]})`;
  return [
    { what: `pods${suffix}`, value: describeLocal(settings.localDetector) },
    { what: `node ports${suffix}`, value: describeScope(settings) },
    { what: `addresses${suffix}`, value: settings.hostAddresses.map(({ text }) => text).join(", ") || "none" },
  ];
}

function describeLocal(local: LocalTrafficDetector | undefined): string {
  switch (local?.kind) {
    case undefined:
      return "not detected";
    case "source":
      return `detected by source ${local.cidr.text}`;
    case "interface":
      return `detected by interface ${local.name}`;
    case "interface-prefix":
      return `detected by interfaces ${local.prefix}*`;
  }
}

function describeScope({ nodePorts, localhostNodePorts }: FamilySettings): string {
  const loopback = localhostNodePorts ? ", including 127.0.0.1" : "";
  if (nodePorts.kind === "every-address") return `on every address${loopback}`;
  return nodePorts.addresses.length === 0 ? "on no address" : `on ${nodePorts.addresses.join(", ")}`;
}
