import { networkElement } from "../../../languages/ipset/write.ts";
import { appendTo, ipvsService, jump, source } from "../../../languages/iptables/write.ts";
import { addServer, serverKey } from "../../../languages/ipvs/write.ts";
import { joinHostPort } from "../../../model/address.ts";
import type { Vip } from "../../../model/objects/service.ts";
import type { Admission, Endpoint, ExternalPlan, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { type Cause, endpointCause, portCause, serviceCause } from "../../origins.ts";
import { ipvsChains as chains } from "../chain-names.ts";
import type { SetKey } from "../set-names.ts";
import type { Collected, IpvsContext } from "./ipvs-objects.ts";

/** Everything the ipvs mode asks of the kernel for one service port: set entries, virtual servers, bound addresses. */
export function lowerServicePort(plan: ServicePortPlan, context: IpvsContext, out: Collected): void {
  for (const endpoint of plan.endpoints.known) if (endpoint.isLocal) lowerLoopBack(plan, endpoint, out);
  lowerClusterIp(plan, context, out);
  const { external } = plan;
  for (const vip of external?.externalIps ?? []) lowerExternalIp(plan, vip, context, out);
  for (const vip of external?.loadBalancerIps ?? []) lowerLoadBalancerIp(plan, vip, context, out);
  if (external?.nodePort !== undefined) {
    // kube-proxy skips the rest of the service port here, its health check port included.
    if (context.nodePortAddresses.length === 0) return;
    lowerNodePort(plan, external.nodePort, context, out);
  }
  if (plan.healthCheckNodePort === undefined) return;
  enter(out, "healthCheck", String(plan.healthCheckNodePort), serviceCause(plan, "spec.healthCheckNodePort"));
}

/** An endpoint of this node may reach itself through the service, ready or not. */
function lowerLoopBack({ protocol }: ServicePortPlan, endpoint: Endpoint, out: Collected): void {
  const { ip } = endpoint.entry;
  const port = endpoint.target.slice(endpoint.target.lastIndexOf(":") + 1);
  enter(out, "loopBack", `${ip},${protocol}:${port},${ip}`, endpointCause(endpoint));
}

function lowerClusterIp(plan: ServicePortPlan, context: IpvsContext, out: Collected): void {
  const { address, place } = plan.clusterIp;
  const cause = serviceCause(plan, "spec.clusterIP", place);
  enter(out, "clusterIp", vipEntry(plan, plan.clusterIp), cause);
  bind(out, address.text, cause);
  const isLocal = plan.service.internalTrafficPolicy === "Local";
  serve(plan, joinHostPort(address, plan.port.port), isLocal, cause, context, out);
}

function lowerExternalIp(plan: ServicePortPlan, vip: Vip, context: IpvsContext, out: Collected): void {
  const cause = serviceCause(plan, `spec.externalIPs[${vip.place.key}]`, vip.place);
  const keepsSource = plan.external?.keepsSource === true;
  enter(out, keepsSource ? "externalIpLocal" : "externalIp", vipEntry(plan, vip), cause);
  serveVip(plan, vip, cause, context, out);
}

function lowerLoadBalancerIp(plan: ServicePortPlan, vip: Vip, context: IpvsContext, out: Collected): void {
  const cause = serviceCause(plan, "status.loadBalancer.ingress", vip.place);
  const entry = vipEntry(plan, vip);
  enter(out, "loadBalancer", entry, cause);
  if (plan.external?.keepsSource === true) enter(out, "loadBalancerLocal", entry, cause);
  if (plan.external?.admission !== undefined) lowerAdmission(plan, vip, plan.external.admission, out);
  serveVip(plan, vip, cause, context, out);
}

/** Sources in a range pass; so does the node itself where it lies in one, else it is shut out. */
function lowerAdmission(plan: ServicePortPlan, vip: Vip, admission: Admission, out: Collected): void {
  const entry = vipEntry(plan, vip);
  const cause = serviceCause(plan, "spec.loadBalancerSourceRanges");
  enter(out, "loadBalancerFirewall", entry, cause);
  for (const { cidr, place } of admission.ranges) {
    const rangeCause = serviceCause(plan, `spec.loadBalancerSourceRanges[${place.key}]`, place);
    enter(out, "loadBalancerSourceCidr", `${entry},${networkElement(cidr.text, cidr.family)}`, rangeCause);
  }
  const ip = vip.address.text;
  if (admission.includesNode) {
    enter(out, "loadBalancerSourceIp", `${entry},${ip}`, cause);
    return;
  }
  const host = vip.address.family === "ipv4" ? `${ip}/32` : `${ip}/128`;
  const match = source(host) + ipvsService(plan.protocol, ip, plan.port.port);
  out.closedToNode.push({ rule: appendTo(chains.ipvsOutFilter) + match + jump("DROP"), cause });
}

const nodePortSets: Readonly<Record<ServicePortPlan["protocol"], { readonly all: SetKey; readonly local: SetKey }>> = {
  tcp: { all: "nodePortTcp", local: "nodePortLocalTcp" },
  udp: { all: "nodePortUdp", local: "nodePortLocalUdp" },
  sctp: { all: "nodePortSctp", local: "nodePortLocalSctp" },
};

function lowerNodePort(plan: ServicePortPlan, nodePort: number, context: IpvsContext, out: Collected): void {
  const cause = portCause(plan, "nodePort");
  const { all, local } = nodePortSets[plan.protocol];
  const keepsSource = plan.external?.keepsSource === true;
  const entries =
    plan.protocol === "sctp"
      ? context.nodePortAddresses.map(({ text }) => `${text},sctp:${nodePort}`)
      : [String(nodePort)];
  for (const entry of entries) {
    enter(out, all, entry, cause);
    if (keepsSource) enter(out, local, entry, cause);
  }
  for (const address of context.nodePortAddresses) {
    serve(plan, joinHostPort(address, nodePort), keepsSource, cause, context, out);
  }
}

/** An address that the host has on another interface is served, but not bound a second time. */
function serveVip(plan: ServicePortPlan, { address }: Vip, cause: Cause, context: IpvsContext, out: Collected): void {
  if (!context.hostAddresses.has(address.text)) bind(out, address.text, cause);
  const { keepsSource } = plan.external as ExternalPlan;
  serve(plan, joinHostPort(address, plan.port.port), keepsSource, cause, context, out);
}

/** Policy Local without local endpoints falls back to all that the plan knows of, unlike in iptables mode. */
function serve(
  plan: ServicePortPlan,
  address: string,
  isLocal: boolean,
  cause: Cause,
  { ipvs, reportShared }: IpvsContext,
  out: Collected,
): void {
  const key = serverKey(plan.protocol, address);
  if (out.servers.has(key)) {
    reportShared(plan, address, cause);
    return;
  }
  const { cluster, local } = plan.endpoints;
  const endpoints = isLocal && local.length > 0 ? local : cluster;
  const add = addServer(key, { scheduler: ipvs.scheduler, persistence: plan.affinity?.timeoutSeconds });
  out.servers.set(key, { add, key, endpoints, cause });
}

function vipEntry(plan: ServicePortPlan, { address }: Vip): string {
  return `${address.text},${plan.protocol}:${plan.port.port}`;
}

function enter(out: Collected, set: SetKey, entry: string, cause: Cause): void {
  const entries = out.entries[set];
  if (!entries.has(entry)) entries.set(entry, cause);
}

function bind(out: Collected, ip: string, cause: Cause): void {
  enter(out, "boundIps", ip, cause);
}
