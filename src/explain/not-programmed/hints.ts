import { at, originOf } from "../../diagnostics/place.ts";
import { placeOfEndpoint } from "../../model/objects/endpoint-slice.ts";
import type { Endpoint, ServicePortPlan } from "../../plan/forwarding/forwarding-plan.ts";
import { endpointUses } from "./endpoint-uses.ts";
import type { NodeFacts, NotProgrammed } from "./not-programmed.ts";

interface HintKind {
  readonly plural: string;
  readonly of: (endpoint: Endpoint) => readonly string[];
  /** The zone or name of this node that hints refer to; undefined: it has none. */
  readonly here: string | undefined;
  readonly what: string;
}

/** Hints of endpoints that this node ignores (`hinted` of plan/forwarding/endpoints.ts). */
export function hintOmissions(plan: ServicePortPlan, node: NodeFacts): readonly NotProgrammed[] {
  const usesCluster = endpointUses(plan).some(({ over }) => over === "cluster");
  if (!usesCluster) return [];
  const ready = plan.endpoints.all.filter(({ entry }) => entry.ready);
  const byNode: HintKind = {
    plural: "node hints",
    of: ({ entry }) => entry.nodeHints,
    here: node.name,
    what: "this node",
  };
  const byZone: HintKind = {
    plural: "zone hints",
    of: ({ entry }) => entry.zoneHints,
    here: node.zone,
    what: `this node's zone (${node.zone ?? ""})`,
  };
  const nodeReason = whyIgnored(ready, byNode);
  // Where node hints are followed, zone hints are not evaluated.
  if (nodeReason === "followed") return [];
  return [...omit(plan, byNode.plural, nodeReason), ...omit(plan, byZone.plural, whyIgnored(ready, byZone))];
}

interface Ignored {
  readonly why: string;
  readonly endpoint: Endpoint | undefined;
}

function whyIgnored(ready: readonly Endpoint[], { of, here, what }: HintKind): Ignored | "followed" | undefined {
  const carrier = ready.find((endpoint) => of(endpoint).length > 0);
  if (carrier === undefined) return undefined;
  if (here === undefined) {
    return { why: "this node has no zone (label topology.kubernetes.io/zone)", endpoint: undefined };
  }
  const without = ready.filter((endpoint) => of(endpoint).length === 0);
  const [first] = without;
  if (first !== undefined) {
    const more = without.length === 1 ? " has none" : ` and ${without.length - 1} more have none`;
    return { why: `endpoint ${first.target}${more}`, endpoint: first };
  }
  if (ready.some((endpoint) => of(endpoint).includes(here))) return "followed";
  return { why: `no endpoint has a hint for ${what}`, endpoint: carrier };
}

function omit(
  plan: ServicePortPlan,
  plural: string,
  ignored: Ignored | "followed" | undefined,
): readonly NotProgrammed[] {
  if (ignored === undefined || ignored === "followed") return [];
  const { why, endpoint } = ignored;
  const place = endpoint && placeOfEndpoint(endpoint.slice, endpoint.entry);
  return [
    {
      reason: "hints-ignored",
      port: plan.name,
      what: `${plural} of endpoints`,
      why: `they are ignored: ${why}`,
      origin: place && originOf(at(place, "hints")),
    },
  ];
}
