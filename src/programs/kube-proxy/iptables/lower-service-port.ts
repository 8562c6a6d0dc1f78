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
import { setOrigin, setPortOrigin } from "../../origins.ts";
import { iptablesChains as chains, servicePortChains } from "../chain-names.ts";
import { counters } from "../names.ts";
import { lowerOwnChains } from "./lower-own-chains.ts";
import { vipMatch } from "./matches.ts";
import { type PortLowering, type Sections, write } from "./sections.ts";

/** Everything the iptables mode writes for one service port: its lines in shared chains, then its own chains. */
export function lowerServicePort(plan: ServicePortPlan, settings: FamilySettings, out: Sections): void {
  const lowering = { plan, own: servicePortChains(plan.name, plan.protocol), settings, out };
  lowerClusterIp(lowering);
  if (plan.external !== undefined) {
    lowerExternalIps(lowering);
    lowerLoadBalancerIps(lowering);
    lowerNodePort(lowering);
  }
  lowerHealthCheck(plan, out);
  lowerOwnChains(lowering);
}

function lowerClusterIp({ plan, own, settings, out }: PortLowering): void {
  setOrigin(out, plan, "spec.clusterIP", plan.clusterIp.place);
  const ip = plan.clusterIp.address.text;
  if (plan.internal.kind === "balance") {
    const chain = plan.internal.over === "cluster" ? own.cluster : own.local;
    write(out, "nat services", appendTo(chains.services) + vipMatch(plan, settings, ip, "cluster IP") + jump(chain));
    return;
  }
  const match = vipMatch(plan, settings, ip, withoutEndpoints(plan.internal));
  write(out, "filter services", appendTo(chains.services) + match + refuse(plan.internal, settings));
}

function lowerExternalIps(lowering: PortLowering): void {
  const { plan, own, settings, out } = lowering;
  for (const { address, place } of plan.external?.externalIps ?? []) {
    setOrigin(out, plan, `spec.externalIPs[${place.key}]`, place);
    if (plan.external?.route.kind !== "reject") {
      const match = vipMatch(plan, settings, address.text, "external IP");
      write(out, "nat services", appendTo(chains.services) + match + jump(own.external));
    }
    lowerRefusal(lowering, address.text);
  }
}

function lowerLoadBalancerIps(lowering: PortLowering): void {
  const { plan, own, settings, out } = lowering;
  const { external } = plan;
  if (external === undefined) return;
  const isGuarded = external.sourceRanges !== undefined && external.route.kind !== "reject";
  for (const { address, place } of external.loadBalancerIps) {
    setOrigin(out, plan, "status.loadBalancer.ingress", place);
    if (external.route.kind !== "reject") {
      const match = vipMatch(plan, settings, address.text, "loadbalancer IP");
      write(out, "nat services", appendTo(chains.services) + match + jump(isGuarded ? own.firewall : own.external));
    }
    if (isGuarded) {
      const match = vipMatch(plan, settings, address.text, `traffic not accepted by ${own.firewall}`);
      write(out, "filter proxyFirewall", appendTo(chains.proxyFirewall) + match + jump("DROP"));
    }
    lowerRefusal(lowering, address.text);
  }
}

/** Packets that fall through the external chain are rejected or dropped, where no endpoint may receive them. */
function lowerRefusal({ plan, settings, out }: PortLowering, ip: string): void {
  const route = plan.external?.route;
  if (route === undefined || route.kind === "balance") return;
  const match = vipMatch(plan, settings, ip, withoutEndpoints(route));
  write(out, "filter externalServices", appendTo(chains.externalServices) + match + refuse(route, settings));
}

/** Node ports are not subject to source ranges. */
function lowerNodePort({ plan, own, settings, out }: PortLowering): void {
  const { external } = plan;
  if (external?.nodePort === undefined) return;
  setPortOrigin(out, plan, "nodePort");
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

/** Accepted whether or not this node has endpoints: the response of the health check reports that. */
function lowerHealthCheck(plan: ServicePortPlan, out: Sections): void {
  if (plan.healthCheckNodePort === undefined) return;
  setOrigin(out, plan, "spec.healthCheckNodePort");
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
