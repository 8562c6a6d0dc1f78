import { at, type Origin, originOf } from "../../diagnostics/place.ts";
import { familyNames } from "../../model/address.ts";
import { placeOfEndpoint } from "../../model/objects/endpoint-slice.ts";
import type { Endpoint, FamilySettings, ServicePortPlan } from "../../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram } from "../../programs/program.ts";
import { endpointOmissions, endpointUses } from "./endpoints.ts";
import type { NodeFacts, NotProgrammed, OmissionReason } from "./not-programmed.ts";
import { routeOmissions } from "./routes.ts";

/** What a service port does not get on a node in one family, according to the plan and the mode. */
export function portOmissions(
  plan: ServicePortPlan,
  settings: FamilySettings,
  node: NodeFacts,
): readonly NotProgrammed[] {
  return [
    ...routeOmissions(plan, node),
    ...endpointOmissions(plan, node),
    ...hintOmissions(plan, node),
    ...nodePortScopeOmissions(plan, settings, node),
    ...rangeOmissions(plan),
    ...settingOmissions(plan, settings, node),
  ];
}

type Add = (reason: OmissionReason, what: string, why: string) => void;

/** Collects omissions of one service port; they share an origin. */
function collect(
  plan: ServicePortPlan,
  origin: Origin | undefined,
  tell: (add: Add) => void,
): readonly NotProgrammed[] {
  const omissions: NotProgrammed[] = [];
  tell((reason, what, why) => {
    omissions.push({ reason, port: plan.name, what, why, origin });
  });
  return omissions;
}

function nodePortScopeOmissions(
  plan: ServicePortPlan,
  { nodePorts, localhostNodePorts, family }: FamilySettings,
  { program, cluster }: NodeFacts,
): readonly NotProgrammed[] {
  const nodePort = plan.external?.nodePort;
  if (nodePort === undefined) return [];
  const { place } = cluster.proxyConfiguration;
  const origin = place && originOf(at(place, "nodePortAddresses"));
  const what = `node port ${nodePort}`;
  return collect(plan, origin, (add) => {
    if (nodePorts.kind === "addresses" && nodePorts.addresses.length === 0) {
      add("node-ports-match-nothing", what, "no address of this node is in nodePortAddresses");
      const { healthCheckNodePort } = plan.service;
      if (healthCheckNodePort !== undefined && plan.healthCheckNodePort === undefined) {
        const why = `in ${program.mode} mode kube-proxy stops processing the service port if no node port can be opened`;
        add("health-check-port-skipped", `health check port ${healthCheckNodePort}`, why);
      }
      return;
    }
    if (nodePorts.kind === "addresses") {
      const why = `nodePortAddresses select ${nodePorts.addresses.join(", ")}`;
      add("node-ports-restricted", `${what} on other addresses of this node`, why);
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
  if (!traits.nodePortsOnLoopback) return `the ${mode} mode does not serve node ports on loopback`;
  if (isOpen) return undefined;
  return isConfigured ? "127.0.0.1 is not in nodePortAddresses" : "iptables.localhostNodePorts is false";
}

/** Follows `resolveSourceRanges` of plan/forwarding/resolve-service-port.ts. */
function rangeOmissions(plan: ServicePortPlan): readonly NotProgrammed[] {
  const { service, external, clusterIp } = plan;
  const { family } = clusterIp.address;
  if (external === undefined || external.loadBalancerIps.length === 0 || service.sourceRanges.length === 0) return [];
  const place = at(at(service.place, "spec"), "loadBalancerSourceRanges");
  const ours = service.sourceRanges.filter(({ cidr }) => cidr.family === family);
  const zero = ours.find(({ cidr }) => cidr.prefix === 0);
  return collect(plan, originOf(zero?.place ?? place), (add) => {
    const what = `source ranges in ${familyNames[family]}`;
    if (ours.length === 0) {
      add("source-ranges-other-family", what, "none has this family, so every source can use the load balancer IPs");
    } else if (zero !== undefined) {
      add("source-range-zero", what, `${zero.cidr.text} allows every source`);
    } else if (external.sourceRanges?.includesNode === false) {
      const why = `this node is in none of the source ranges, so its own packets are dropped`;
      add("source-ranges-node-outside", "load balancer IPs for this node itself", why);
    }
  });
}

/** What the node's settings remove from every service port. */
function settingOmissions(
  plan: ServicePortPlan,
  { localDetector, masqueradeAll, largeCluster }: FamilySettings,
  { cluster }: NodeFacts,
): readonly NotProgrammed[] {
  const { place } = cluster.proxyConfiguration;
  return collect(plan, place && originOf(place), (add) => {
    if (localDetector === undefined && !masqueradeAll) {
      const why = "local traffic detection is not configured (detectLocalMode, clusterCIDR)";
      add("no-local-detector", "masquerade of traffic to the cluster IP that is not from pods", why);
    }
    if (largeCluster) {
      const why = "kube-proxy omits them above 1,000 endpoints";
      add("comments-omitted", "comments in the rules of endpoints", why);
    }
  });
}

interface HintKind {
  readonly plural: string;
  readonly of: (endpoint: Endpoint) => readonly string[];
  /** The zone or name of this node that hints refer to; undefined: it has none. */
  readonly here: string | undefined;
  readonly what: string;
}

/** Hints of endpoints that this node ignores (`hinted` of plan/forwarding/endpoints.ts). */
function hintOmissions(plan: ServicePortPlan, node: NodeFacts): readonly NotProgrammed[] {
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
