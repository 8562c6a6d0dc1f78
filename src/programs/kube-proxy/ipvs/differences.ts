import type { Report } from "../../../diagnostics/diagnostic.ts";
import { at, type Place } from "../../../diagnostics/place.ts";
import type { LoopbackNodePorts, Route, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { fallsBack } from "../../../plan/forwarding/resolve-service-port.ts";
import type { IpvsContext } from "./ipvs-objects.ts";

/** The differences from iptables mode that were found: how often, and where first. */
export interface Differences {
  readonly counts: Map<CountedCode, { count: number; readonly place: Place }>;
  servesAny: boolean;
  hasNodePort: boolean;
}

type CountedCode =
  | "ipvs-local-falls-back"
  | "ipvs-affinity-per-address"
  | "ipvs-node-outside-source-ranges"
  | "ipvs-no-short-circuit"
  | "ipvs-source-ranges-without-endpoints"
  | "ipvs-host-addresses-served"
  | "ipvs-node-ports-match-nothing";

export function createDifferences(): Differences {
  return { counts: new Map(), servesAny: false, hasNodePort: false };
}

/** Records the differences of a service port. */
export function noteDifferences(plan: ServicePortPlan, context: IpvsContext, found: Differences): void {
  const note = (code: CountedCode, place: Place): void => noteOne(found, code, place);
  const { external, service, port } = plan;
  const field = (name: string): Place => at(at(service.place, "spec"), name);
  found.servesAny = true;
  if (port.nodePort !== undefined && service.clusterIps.ipv4 !== undefined) found.hasNodePort = true;
  if (isDiverted(plan)) {
    note(
      "ipvs-local-falls-back",
      field(external?.preservesClientIp ? "externalTrafficPolicy" : "internalTrafficPolicy"),
    );
  }
  if (plan.affinity !== undefined) note("ipvs-affinity-per-address", field("sessionAffinity"));
  if (external?.sourceRanges !== undefined && !external.sourceRanges.includesNode)
    note("ipvs-node-outside-source-ranges", field("loadBalancerSourceRanges"));
  if (external?.preservesClientIp === true && plan.endpoints.local.length > 0)
    note("ipvs-no-short-circuit", field("externalTrafficPolicy"));
  if (external?.sourceRanges !== undefined && external.route.kind === "reject") {
    note("ipvs-source-ranges-without-endpoints", field("loadBalancerSourceRanges"));
  }
  for (const { address, place } of [...(external?.externalIps ?? []), ...(external?.loadBalancerIps ?? [])]) {
    if (context.hostAddresses.has(address.text)) note("ipvs-host-addresses-served", place);
  }
  if (service.healthCheckNodePort !== undefined && plan.healthCheckNodePort === undefined)
    note("ipvs-node-ports-match-nothing", port.place);
}

function noteOne({ counts }: Differences, code: CountedCode, place: Place): void {
  const known = counts.get(code);
  if (known === undefined) counts.set(code, { count: 1, place });
  else known.count += 1;
}

/** A policy is Local, and endpoints of other nodes receive its traffic. */
function isDiverted({ service, internal, external }: ServicePortPlan): boolean {
  const isToOthers = (policy: "Cluster" | "Local", route: Route): boolean =>
    route.kind === "balance" && fallsBack(policy, route);
  return (
    isToOthers(service.internalTrafficPolicy, internal) ||
    (external !== undefined && isToOthers(service.externalTrafficPolicy, external.route))
  );
}

/** Reports each once. */
export function reportDifferences(found: Differences, localhostNodePorts: LoopbackNodePorts, report: Report): void {
  if (found.servesAny) report("ipvs-unused-ports-rejected", undefined, {});
  if (found.hasNodePort && localhostNodePorts === "ignored") report("ipvs-no-loopback-node-ports", undefined, {});
  for (const [code, { count, place }] of found.counts) report(code, place, { count });
}
