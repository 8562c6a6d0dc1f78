import { at, type Origin, originOf } from "../../diagnostics/place.ts";
import { familyNames } from "../../model/address.ts";
import type { FamilySettings, ServicePortPlan } from "../../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram } from "../../programs/program.ts";
import { endpointOmissions } from "./endpoints.ts";
import { hintOmissions } from "./hints.ts";
import type { NodeFacts, Omission, OmissionReason } from "./not-programmed.ts";
import { routeOmissions } from "./routes.ts";

/** What a service port does not get on a node in one family, by the decisions of resolve/ and of the mode. */
export function portOmissions(plan: ServicePortPlan, settings: FamilySettings, node: NodeFacts): readonly Omission[] {
  return [
    ...routeOmissions(plan),
    ...endpointOmissions(plan, node),
    ...hintOmissions(plan, node),
    ...nodePortScopeOmissions(plan, settings, node),
    ...rangeOmissions(plan),
    ...settingOmissions(plan, settings, node),
  ];
}

type Add = (reason: OmissionReason, what: string, why: string) => void;

/** Collects omissions of one service port; they share an origin. */
function collect(plan: ServicePortPlan, origin: Origin | undefined, tell: (add: Add) => void): readonly Omission[] {
  const omissions: Omission[] = [];
  tell((reason, what, why) => {
    omissions.push({ reason, port: plan.name, what, why, origin });
  });
  return omissions;
}

function nodePortScopeOmissions(
  plan: ServicePortPlan,
  { nodePorts, localhostNodePorts, family }: FamilySettings,
  { program, cluster }: NodeFacts,
): readonly Omission[] {
  const nodePort = plan.external?.nodePort;
  if (nodePort === undefined) return [];
  const { place } = cluster.proxyConfiguration;
  const origin = place && originOf(at(place, "nodePortAddresses"));
  const what = `node port ${nodePort}`;
  return collect(plan, origin, (add) => {
    if (nodePorts.kind === "addresses" && nodePorts.addresses.length === 0) {
      add("node-ports-match-nothing", what, "no address of this node lies in nodePortAddresses");
      const { healthCheckNodePort } = plan.service;
      if (healthCheckNodePort !== undefined && plan.healthCheckNodePort === undefined) {
        const why = `kube-proxy in ${program.mode} mode gives up on the service port where no node port can be opened`;
        add("health-check-port-skipped", `health check port ${healthCheckNodePort}`, why);
      }
      return;
    }
    if (nodePorts.kind === "addresses") {
      const why = `nodePortAddresses choose ${nodePorts.addresses.join(", ")}`;
      add("node-ports-on-some-addresses", `${what} on other addresses of this node`, why);
    }
    const loopback = whyNotOnLoopback(program, localhostNodePorts, cluster.proxyConfiguration.localhostNodePorts);
    if (family === "ipv4" && loopback !== undefined)
      add("node-ports-not-on-loopback", `${what} on 127.0.0.1`, loopback);
  });
}

function whyNotOnLoopback(
  { mode, traits }: ForwardingProgram,
  isOpen: boolean,
  isConfigured: boolean,
): string | undefined {
  if (!traits.nodePortsOnLoopback) return `the ${mode} mode serves none on loopback`;
  if (isOpen) return undefined;
  return isConfigured ? "127.0.0.1 does not lie in nodePortAddresses" : "iptables.localhostNodePorts is false";
}

/** Follows `resolveSourceRanges` of plan/forwarding/resolve-service-port.ts. */
function rangeOmissions(plan: ServicePortPlan): readonly Omission[] {
  const { service, external, clusterIp } = plan;
  const { family } = clusterIp.address;
  if (external === undefined || external.loadBalancerIps.length === 0 || service.sourceRanges.length === 0) return [];
  const place = at(at(service.place, "spec"), "loadBalancerSourceRanges");
  const ours = service.sourceRanges.filter(({ cidr }) => cidr.family === family);
  const zero = ours.find(({ cidr }) => cidr.prefix === 0);
  return collect(plan, originOf(zero?.place ?? place), (add) => {
    const what = `source ranges in ${familyNames[family]}`;
    if (ours.length === 0) {
      add("source-ranges-other-family", what, "none is of that family, so every source may use the load balancer IPs");
    } else if (zero !== undefined) {
      add("source-range-zero", what, `${zero.cidr.text} takes in every source`);
    } else if (external.sourceRanges?.includesNode === false) {
      const why = `this node lies in none of the source ranges, so its own packets are dropped`;
      add("source-ranges-node-outside", "load balancer IPs for this node itself", why);
    }
  });
}

/** What the node's settings leave out of every service port. */
function settingOmissions(
  plan: ServicePortPlan,
  { localDetector, masqueradeAll, largeCluster }: FamilySettings,
  { cluster }: NodeFacts,
): readonly Omission[] {
  const { place } = cluster.proxyConfiguration;
  return collect(plan, place && originOf(place), (add) => {
    if (localDetector === undefined && !masqueradeAll) {
      const why = "nothing says how pods are told from other sources (detectLocalMode, clusterCIDR)";
      add("pods-not-told", "masquerading of traffic to the cluster IP that no pod sends", why);
    }
    if (largeCluster) {
      const why = "there are more than 1,000 endpoints, and kube-proxy then saves the room";
      add("comments-left-out", "comments in the rules of endpoints", why);
    }
  });
}
