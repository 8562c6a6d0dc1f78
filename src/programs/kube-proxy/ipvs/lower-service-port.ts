import { networkElement } from "../../../languages/ipset/text.ts";
import { appendTo, ipvsService, jump, source } from "../../../languages/iptables/write.ts";
import { addServer, serverKey } from "../../../languages/ipvs/text.ts";
import { joinHostPort } from "../../../model/address.ts";
import type { Vip } from "../../../model/objects/service.ts";
import { targetPort } from "../../../plan/forwarding/endpoints.ts";
import type {
  Endpoint,
  ExternalPlan,
  Route,
  ServicePortPlan,
  SourceRanges,
} from "../../../plan/forwarding/forwarding-plan.ts";
import { type Cause, endpointCause, portCause, serviceCause } from "../../origins.ts";
import { ipvsChains as chains } from "../chain-names.ts";
import type { SetKey } from "../set-names.ts";
import type { IpvsContext, IpvsObjects } from "./ipvs-objects.ts";

/** All kernel objects of one service port in ipvs mode: set entries, virtual servers, bound addresses. */
export function lowerServicePort(plan: ServicePortPlan, context: IpvsContext, out: IpvsObjects): void {
  const lowering = { plan, context, out };
  for (const endpoint of plan.endpoints.all) if (endpoint.isLocal) lowerLoopBack(plan, endpoint, out);
  lowerClusterIp(lowering);
  const { external, healthCheckNodePort } = plan;
  if (external !== undefined) {
    for (const vip of external.externalIps) lowerExternalIp(lowering, external, vip);
    for (const vip of external.loadBalancerIps) lowerLoadBalancerIp(lowering, external, vip);
    if (external.nodePort !== undefined) lowerNodePort(lowering, external, external.nodePort);
  }
  if (healthCheckNodePort === undefined) return;
  addEntry(out, "healthCheck", String(healthCheckNodePort), serviceCause(plan, "spec.healthCheckNodePort"));
}

/** One service port, with the inputs and outputs of lowering it. */
interface PortLowering {
  readonly plan: ServicePortPlan;
  readonly context: IpvsContext;
  readonly out: IpvsObjects;
}

/** An endpoint of this node may reach itself through the service, ready or not. */
function lowerLoopBack({ protocol }: ServicePortPlan, endpoint: Endpoint, out: IpvsObjects): void {
  const { ip } = endpoint.entry;
  addEntry(out, "loopBack", `${ip},${protocol}:${targetPort(endpoint)},${ip}`, endpointCause(endpoint));
}

function lowerClusterIp(lowering: PortLowering): void {
  const { plan, out } = lowering;
  const { address, place } = plan.clusterIp;
  const cause = serviceCause(plan, "spec.clusterIP", place);
  addEntry(out, "clusterIp", vipEntry(plan, plan.clusterIp), cause);
  bindAddress(out, address.text, cause);
  addVirtualServer(lowering, joinHostPort(address, plan.port.port), plan.internal, cause);
}

function lowerExternalIp(lowering: PortLowering, external: ExternalPlan, vip: Vip): void {
  const { plan, out } = lowering;
  const cause = serviceCause(plan, `spec.externalIPs[${vip.place.key}]`, vip.place);
  addEntry(out, external.preservesClientIp ? "externalIpLocal" : "externalIp", vipEntry(plan, vip), cause);
  serveVip(lowering, external, vip, cause);
}

function lowerLoadBalancerIp(lowering: PortLowering, external: ExternalPlan, vip: Vip): void {
  const { plan, out } = lowering;
  const cause = serviceCause(plan, "status.loadBalancer.ingress", vip.place);
  const entry = vipEntry(plan, vip);
  addEntry(out, "loadBalancer", entry, cause);
  if (external.preservesClientIp) addEntry(out, "loadBalancerLocal", entry, cause);
  if (external.sourceRanges !== undefined) lowerSourceRanges(lowering, vip, external.sourceRanges);
  serveVip(lowering, external, vip, cause);
}

/** Packets from a source range pass. The node itself passes if its address is in one; else it is blocked. */
function lowerSourceRanges({ plan, out }: PortLowering, vip: Vip, { ranges, includesNode }: SourceRanges): void {
  const entry = vipEntry(plan, vip);
  const cause = serviceCause(plan, "spec.loadBalancerSourceRanges");
  addEntry(out, "loadBalancerFirewall", entry, cause);
  for (const { cidr, place } of ranges) {
    const rangeCause = serviceCause(plan, `spec.loadBalancerSourceRanges[${place.key}]`, place);
    addEntry(out, "loadBalancerSourceCidr", `${entry},${networkElement(cidr.text, cidr.family)}`, rangeCause);
  }
  const ip = vip.address.text;
  if (includesNode) {
    addEntry(out, "loadBalancerSourceIp", `${entry},${ip}`, cause);
    return;
  }
  const host = vip.address.family === "ipv4" ? `${ip}/32` : `${ip}/128`;
  const match = source(host) + ipvsService(plan.protocol, ip, plan.port.port);
  out.nodeDropRules.push({ rule: appendTo(chains.ipvsOutFilter) + match + jump("DROP"), cause });
}

const nodePortSets: Readonly<Record<ServicePortPlan["protocol"], { readonly all: SetKey; readonly local: SetKey }>> = {
  tcp: { all: "nodePortTcp", local: "nodePortLocalTcp" },
  udp: { all: "nodePortUdp", local: "nodePortLocalUdp" },
  sctp: { all: "nodePortSctp", local: "nodePortLocalSctp" },
};

function lowerNodePort(
  lowering: PortLowering,
  { preservesClientIp, route }: Pick<ExternalPlan, "preservesClientIp" | "route">,
  nodePort: number,
): void {
  const { plan, context, out } = lowering;
  const { nodePortAddresses } = context;
  if (nodePortAddresses.length === 0) return;
  const cause = portCause(plan, "nodePort");
  const { all, local } = nodePortSets[plan.protocol];
  const entries =
    plan.protocol === "sctp" ? nodePortAddresses.map(({ text }) => `${text},sctp:${nodePort}`) : [String(nodePort)];
  for (const entry of entries) {
    addEntry(out, all, entry, cause);
    if (preservesClientIp) addEntry(out, local, entry, cause);
  }
  for (const address of nodePortAddresses) addVirtualServer(lowering, joinHostPort(address, nodePort), route, cause);
}

/** An address on another interface of the host is served, but not bound again. */
function serveVip(lowering: PortLowering, { route }: ExternalPlan, { address }: Vip, cause: Cause): void {
  const { plan, context, out } = lowering;
  if (!context.hostAddresses.has(address.text)) bindAddress(out, address.text, cause);
  addVirtualServer(lowering, joinHostPort(address, plan.port.port), route, cause);
}

/** Without endpoints the virtual server exists all the same: IPVS rejects its packets. */
function addVirtualServer({ plan, context, out }: PortLowering, address: string, route: Route, cause: Cause): void {
  const { ipvs, reportShared } = context;
  const key = serverKey(plan.protocol, address);
  if (out.servers.has(key)) {
    reportShared(plan, address, cause);
    return;
  }
  const endpoints = plan.endpoints[route.over];
  const add = addServer(key, { scheduler: ipvs.scheduler, persistence: plan.affinity?.timeoutSeconds });
  out.servers.set(key, { add, key, endpoints, cause });
}

function vipEntry(plan: ServicePortPlan, { address }: Vip): string {
  return `${address.text},${plan.protocol}:${plan.port.port}`;
}

function addEntry(out: IpvsObjects, set: SetKey, entry: string, cause: Cause): void {
  const entries = out.entries[set];
  if (!entries.has(entry)) entries.set(entry, cause);
}

function bindAddress(out: IpvsObjects, ip: string, cause: Cause): void {
  addEntry(out, "boundIps", ip, cause);
}
