import type { Report } from "../../../diagnostics/diagnostic.ts";
import { at, type Place } from "../../../diagnostics/place.ts";
import type { ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { IpvsContext } from "./ipvs-objects.ts";

/** How often each behaviour that the iptables mode does not have was met, and where first. */
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

/** Notes what a service port meets. */
export function noteDifferences(plan: ServicePortPlan, context: IpvsContext, found: Differences): void {
  const note = (code: CountedCode, place: Place): void => {
    const known = found.counts.get(code);
    if (known === undefined) found.counts.set(code, { count: 1, place });
    else known.count += 1;
  };
  const { external, service, port } = plan;
  const field = (name: string): Place => at(at(service.place, "spec"), name);
  found.servesAny = true;
  if (port.nodePort !== undefined && service.clusterIps.ipv4 !== undefined) found.hasNodePort = true;
  const isLocal = service.internalTrafficPolicy === "Local" || external?.keepsSource === true;
  if (isLocal && plan.endpoints.local.length === 0 && plan.endpoints.cluster.length > 0) {
    note("ipvs-local-falls-back", field(external?.keepsSource ? "externalTrafficPolicy" : "internalTrafficPolicy"));
  }
  if (plan.affinity !== undefined) note("ipvs-affinity-per-address", field("sessionAffinity"));
  if (external?.admission !== undefined && !external.admission.includesNode)
    note("ipvs-node-outside-source-ranges", field("loadBalancerSourceRanges"));
  if (external?.keepsSource === true && plan.endpoints.local.length > 0)
    note("ipvs-no-short-circuit", field("externalTrafficPolicy"));
  if (external?.admission !== undefined && external.route.kind === "reject") {
    note("ipvs-source-ranges-without-endpoints", field("loadBalancerSourceRanges"));
  }
  for (const { address, place } of [...(external?.externalIps ?? []), ...(external?.loadBalancerIps ?? [])]) {
    if (context.hostAddresses.has(address.text)) note("ipvs-host-addresses-served", place);
  }
  const skipsHealthCheck = plan.healthCheckNodePort !== undefined && external?.nodePort !== undefined;
  if (skipsHealthCheck && context.nodePortAddresses.length === 0) note("ipvs-node-ports-match-nothing", port.place);
}

/** Says each once. `localhostNodePorts`: the iptables mode would open node ports on loopback. */
export function reportDifferences(found: Differences, localhostNodePorts: boolean, report: Report): void {
  if (found.servesAny) report("ipvs-unused-ports-rejected", undefined, {});
  if (found.hasNodePort && localhostNodePorts) report("ipvs-no-loopback-node-ports", undefined, {});
  for (const [code, { count, place }] of found.counts) report(code, place, { count });
}
