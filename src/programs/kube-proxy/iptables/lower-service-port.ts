import {
  addressType,
  appendTo,
  comment,
  destination,
  destinationPort,
  jump,
  nfacct,
  protocol,
  reject,
} from "../../../languages/iptables/write.ts";
import type { FamilySettings, Route, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { chains, counters, type ServicePortChains, servicePortChains } from "./chains.ts";
import { lowerOwnChains } from "./lower-own-chains.ts";
import { vipMatch } from "./matches.ts";
import { becauseOfPort, becauseOfService, type Sections, write } from "./sections.ts";

/** Everything the iptables mode writes for one service port: its lines in shared chains, then its own chains. */
export function lowerServicePort(plan: ServicePortPlan, settings: FamilySettings, out: Sections): void {
  const own = servicePortChains(plan.name, plan.protocol);
  lowerClusterIp(plan, own, settings, out);
  if (plan.external !== undefined) {
    lowerExternalIps(plan, own, settings, out);
    lowerLoadBalancerIps(plan, own, settings, out);
    lowerNodePort(plan, own, settings, out);
  }
  lowerHealthCheck(plan, out);
  lowerOwnChains(plan, own, settings, out);
}

function lowerClusterIp(plan: ServicePortPlan, own: ServicePortChains, settings: FamilySettings, out: Sections): void {
  becauseOfService(out, plan, "spec.clusterIP", plan.clusterIp.place);
  const ip = plan.clusterIp.address.text;
  if (plan.internal.kind === "balance") {
    const chain = plan.internal.over === "cluster" ? own.cluster : own.local;
    write(out, "nat services", appendTo(chains.services) + vipMatch(plan, settings, ip, "cluster IP") + jump(chain));
    return;
  }
  const match = vipMatch(plan, settings, ip, withoutEndpoints(plan.internal));
  write(out, "filter services", appendTo(chains.services) + match + refuse(plan.internal, settings));
}

function lowerExternalIps(
  plan: ServicePortPlan,
  own: ServicePortChains,
  settings: FamilySettings,
  out: Sections,
): void {
  for (const { address, place } of plan.external?.externalIps ?? []) {
    becauseOfService(out, plan, `spec.externalIPs[${place.key}]`, place);
    if (plan.external?.route.kind !== "reject") {
      const match = vipMatch(plan, settings, address.text, "external IP");
      write(out, "nat services", appendTo(chains.services) + match + jump(own.external));
    }
    lowerRefusal(plan, settings, address.text, out);
  }
}

function lowerLoadBalancerIps(
  plan: ServicePortPlan,
  own: ServicePortChains,
  settings: FamilySettings,
  out: Sections,
): void {
  const { external } = plan;
  if (external === undefined) return;
  const isGuarded = external.admission !== undefined && external.route.kind !== "reject";
  for (const { address, place } of external.loadBalancerIps) {
    becauseOfService(out, plan, "status.loadBalancer.ingress", place);
    if (external.route.kind !== "reject") {
      const match = vipMatch(plan, settings, address.text, "loadbalancer IP");
      write(out, "nat services", appendTo(chains.services) + match + jump(isGuarded ? own.firewall : own.external));
    }
    if (isGuarded) {
      const match = vipMatch(plan, settings, address.text, `traffic not accepted by ${own.firewall}`);
      write(out, "filter proxyFirewall", appendTo(chains.proxyFirewall) + match + jump("DROP"));
    }
    lowerRefusal(plan, settings, address.text, out);
  }
}

/** What the external chain left alone is rejected or dropped, where no endpoint may take it. */
function lowerRefusal(plan: ServicePortPlan, settings: FamilySettings, ip: string, out: Sections): void {
  const route = plan.external?.route;
  if (route === undefined || route.kind === "balance") return;
  const match = vipMatch(plan, settings, ip, withoutEndpoints(route));
  write(out, "filter externalServices", appendTo(chains.externalServices) + match + refuse(route, settings));
}

/** Node ports are not subject to source ranges. */
function lowerNodePort(plan: ServicePortPlan, own: ServicePortChains, settings: FamilySettings, out: Sections): void {
  const { external } = plan;
  if (external?.nodePort === undefined) return;
  becauseOfPort(out, plan, "nodePort");
  const port = destinationPort(plan.protocol, external.nodePort);
  if (external.route.kind !== "reject") {
    const match = protocol(plan.protocol) + comment(plan.name) + port;
    if (settings.localhostNodePorts && settings.nfacct) {
      out.counters.add(counters.localhostNodePort);
      const counted = destination("127.0.0.0/8") + match + nfacct(counters.localhostNodePort);
      write(out, "nat nodePorts", appendTo(chains.nodePorts) + counted + jump(own.external));
    }
    write(out, "nat nodePorts", appendTo(chains.nodePorts) + match + jump(own.external));
  }
  if (external.route.kind === "balance") return;
  const why = comment(`${plan.name} ${withoutEndpoints(external.route)}`);
  const match = protocol(plan.protocol) + why + addressType("dst", "LOCAL") + port;
  write(out, "filter externalServices", appendTo(chains.externalServices) + match + refuse(external.route, settings));
}

/** Accepted whether or not this node has endpoints: the answer to the check says so. */
function lowerHealthCheck(plan: ServicePortPlan, out: Sections): void {
  if (plan.healthCheckNodePort === undefined) return;
  becauseOfService(out, plan, "spec.healthCheckNodePort");
  const match = protocol("tcp") + comment(`${plan.name} health check node port`);
  const port = destinationPort("tcp", plan.healthCheckNodePort);
  write(out, "filter nodePorts", appendTo(chains.nodePorts) + match + port + jump("ACCEPT"));
}

type Refusal = Exclude<Route, { readonly kind: "balance" }>;

function withoutEndpoints(route: Refusal): string {
  return route.kind === "reject" ? "has no endpoints" : "has no local endpoints";
}

function refuse(route: Refusal, { family }: FamilySettings): string {
  return route.kind === "reject" ? reject(family) : jump("DROP");
}
