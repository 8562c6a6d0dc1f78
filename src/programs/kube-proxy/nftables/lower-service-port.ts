import { comment, longestComment } from "../../../languages/nftables/write.ts";
import type { Vip } from "../../../model/objects/service.ts";
import { targetPort } from "../../../plan/forwarding/endpoints.ts";
import type {
  Endpoint,
  ExternalPlan,
  FamilySettings,
  Route,
  ServicePortPlan,
} from "../../../plan/forwarding/forwarding-plan.ts";
import { setEndpointOrigin, setOrigin, setPortOrigin } from "../../origins.ts";
import { lowerOwnChains } from "./lower-own-chains.ts";
import { addressKey, nftChains, nftServicePortChains, portKey } from "./names.ts";
import { addElement, type PortLowering, type TableObjects } from "./table-objects.ts";

/** Everything the nftables mode writes for one service port: its elements in shared sets and maps, then its own chains. */
export function lowerServicePort(plan: ServicePortPlan, settings: FamilySettings, out: TableObjects): void {
  const lowering = { plan, own: nftServicePortChains(plan), settings, out };
  lowerClusterIp(lowering);
  const { external } = plan;
  if (external !== undefined) {
    for (const vip of external.externalIps)
      lowerExternalVip(lowering, external, vip, `spec.externalIPs[${vip.place.key}]`);
    for (const vip of external.loadBalancerIps) lowerLoadBalancerIp(lowering, external, vip);
    if (external.nodePort !== undefined) lowerNodePort(lowering, external, external.nodePort);
  }
  lowerHairpin(plan, plan.endpoints.cluster, out);
  lowerHairpin(plan, plan.endpoints.local, out);
  lowerOwnChains(lowering);
}

function lowerClusterIp({ plan, own, out }: PortLowering): void {
  const { address, place } = plan.clusterIp;
  setOrigin(out, plan, "spec.clusterIP", place);
  addElement(out, "cluster-ips", address.text, "");
  if (plan.internal.kind === "balance") {
    const chain = plan.internal.over === "cluster" ? own.cluster : own.local;
    addElement(out, "service-ips", vipKey(plan, plan.clusterIp), ` : goto ${chain}`);
  } else {
    addElement(out, "no-endpoint-services", vipKey(plan, plan.clusterIp), refusal(plan, plan.internal));
  }
}

/** External chains exist where there is any endpoint: pods and the node itself use all of them, whatever the policy. */
function lowerExternalVip({ plan, own, out }: PortLowering, external: ExternalPlan, vip: Vip, field: string): void {
  setOrigin(out, plan, field, vip.place);
  const { route } = external;
  const key = vipKey(plan, vip);
  if (route.kind !== "reject") addElement(out, "service-ips", key, ` : goto ${own.external}`);
  if (route.kind !== "balance") addElement(out, "no-endpoint-services", key, refusal(plan, route));
}

/** Source ranges apply before anything else, with endpoints or without. */
function lowerLoadBalancerIp(lowering: PortLowering, external: ExternalPlan, vip: Vip): void {
  const { plan, own, out } = lowering;
  lowerExternalVip(lowering, external, vip, "status.loadBalancer.ingress");
  if (external.sourceRanges === undefined) return;
  addElement(out, "firewall-ips", vipKey(plan, vip), ` : goto ${own.firewall}`);
}

/** Node ports are not subject to source ranges. */
function lowerNodePort({ plan, own, out }: PortLowering, { route }: ExternalPlan, nodePort: number): void {
  setPortOrigin(out, plan, "nodePort");
  const key = portKey(plan.protocol, nodePort);
  if (route.kind !== "reject") addElement(out, "service-nodeports", key, ` : goto ${own.external}`);
  if (route.kind !== "balance") addElement(out, "no-endpoint-nodeports", key, refusal(plan, route));
}

/** A usable endpoint of this node may reach itself through the service, and must then be masqueraded. */
function lowerHairpin({ protocol }: ServicePortPlan, endpoints: readonly Endpoint[], out: TableObjects): void {
  for (const endpoint of endpoints) {
    if (!endpoint.isLocal) continue;
    setEndpointOrigin(out, endpoint);
    const { ip } = endpoint.entry;
    addElement(out, "hairpin-connections", `${ip} . ${ip} . ${protocol} . ${targetPort(endpoint)}`, "");
  }
}

function vipKey({ protocol, port }: ServicePortPlan, { address }: Vip): string {
  return addressKey(address.text, protocol, port.port);
}

function refusal({ name }: ServicePortPlan, route: Exclude<Route, { readonly kind: "balance" }>): string {
  const verdict = route.kind === "reject" ? `goto ${nftChains.reject}` : "drop";
  return `${comment(name.slice(0, longestComment))} : ${verdict}`;
}
