import { equalShare, type Share } from "../languages/text-reader.ts";
import { type Family, joinHostPort } from "../model/address.ts";
import type {
  Endpoint,
  ExternalPlan,
  NodePortScope,
  ProgramTraits,
  Route,
} from "../plan/forwarding/forwarding-plan.ts";
import { fallsBack } from "../plan/forwarding/resolve-service-port.ts";
import type { ServicePortNames } from "../programs/program.ts";
import { endpointsOf } from "./chain/explain-chain.ts";
import type { PlannedPort } from "./not-programmed/endpoints.ts";
import { chainsNamed, type Texts } from "./texts.ts";

/** A summary of one service port on a node in one family. */
export interface PortPicture {
  readonly name: string;
  readonly family: Family;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly addresses: readonly PortAddress[];
  readonly internal: string;
  readonly external: string | undefined;
  readonly affinitySeconds: number | undefined;
  readonly endpoints: readonly PicturedEndpoint[];
}

export interface PortAddress {
  readonly kind: "cluster IP" | "external IP" | "load balancer IP" | "node port" | "health check port";
  /** `10.96.0.20:80`; of a node port the number alone. */
  readonly address: string;
  /** Where the port answers, or which sources it admits; undefined where there is nothing to add. */
  readonly note: string | undefined;
}

export interface PicturedEndpoint {
  readonly target: string;
  readonly node: string | undefined;
  readonly isLocal: boolean;
  /** The share of a new client's connections to the cluster IP; undefined: none, or not chosen at random. */
  readonly internal: Share | undefined;
  readonly external: Share | undefined;
}

/** The resolved plan, with the shares of the rules. `texts` were compiled from the plan. */
export function pictureOf({ plan, settings }: PlannedPort, drawn: Drawing): PortPicture {
  const { service, internal, external, clusterIp, affinity, endpoints } = plan;
  const inside = endpoints[internal.over];
  const outside = external === undefined ? [] : endpoints[external.route.over];
  const shares = {
    inside: sharesOf(inside, internal, { plan, ...drawn }),
    outside: sharesOf(outside, external?.route, { plan, ...drawn }),
  };
  const either = new Set([...inside, ...outside]);
  const used = endpoints.all.filter((endpoint) => either.has(endpoint));
  return {
    name: plan.name,
    family: clusterIp.address.family,
    protocol: plan.protocol,
    addresses: addressesOf(plan, settings.nodePorts),
    internal: describeRoute(internal, service.internalTrafficPolicy, inside.length),
    external: external && describeOutside(external, service.externalTrafficPolicy, outside.length),
    affinitySeconds: affinity?.timeoutSeconds,
    endpoints: used.map((endpoint) => ({
      target: endpoint.target,
      node: endpoint.entry.nodeName,
      isLocal: endpoint.isLocal,
      internal: shares.inside.get(endpoint),
      external: shares.outside.get(endpoint),
    })),
  };
}

function addressesOf(
  { clusterIp, port, external, healthCheckNodePort }: PlannedPort["plan"],
  scope: NodePortScope,
): readonly PortAddress[] {
  const joined = ({ address }: typeof clusterIp): string => joinHostPort(address, port.port);
  const ranges = external?.sourceRanges?.ranges.map(({ cidr }) => cidr.text).join(", ");
  const where = scope.kind === "every-address" ? "on every address of the node" : `on ${scope.addresses.join(", ")}`;
  const isOpen = scope.kind === "every-address" || scope.addresses.length > 0;
  const found: PortAddress[] = [{ kind: "cluster IP", address: joined(clusterIp), note: undefined }];
  for (const vip of external?.externalIps ?? []) {
    found.push({ kind: "external IP", address: joined(vip), note: undefined });
  }
  for (const vip of external?.loadBalancerIps ?? []) {
    found.push({ kind: "load balancer IP", address: joined(vip), note: ranges && `for sources in ${ranges}` });
  }
  if (external?.nodePort !== undefined && isOpen) {
    found.push({ kind: "node port", address: String(external.nodePort), note: where });
  }
  if (healthCheckNodePort !== undefined) {
    found.push({ kind: "health check port", address: String(healthCheckNodePort), note: undefined });
  }
  return found;
}

function describeRoute(route: Route, policy: Policy, count: number): string {
  const endpoints = `${count} endpoint${count === 1 ? "" : "s"}`;
  if (route.kind === "reject") return "rejected: no usable endpoint";
  if (fallsBack(policy, route)) return `${endpoints}, because none is local`;
  if (route.kind === "drop") return "dropped: policy Local without a local endpoint";
  return route.over === "cluster" ? endpoints : `${endpoints} on this node`;
}

function describeOutside({ route, preservesClientIp }: ExternalPlan, policy: Policy, count: number): string {
  const source = preservesClientIp ? "client IP preserved" : "masqueraded";
  const text = describeRoute(route, policy, count);
  return route.kind === "balance" && !fallsBack(policy, route) ? `${text}, ${source}` : text;
}

type Policy = "Cluster" | "Local";

/** What is common to all service ports of a node. */
interface Drawing {
  readonly balancing: ProgramTraits["balancing"];
  readonly names: ServicePortNames | undefined;
  readonly scheduler: string;
  readonly texts: Texts;
}

/** The share of each endpoint of a list, from the rules' random matches or the virtual server's scheduler. */
function sharesOf(
  list: readonly Endpoint[],
  route: Route | undefined,
  { plan, balancing, names, scheduler, texts }: Drawing & Pick<PlannedPort, "plan">,
): ReadonlyMap<Endpoint, Share> {
  if (balancing === "scheduler") {
    const takesTurns = scheduler === "rr" || scheduler === "wrr";
    return new Map(takesTurns ? list.map((endpoint) => [endpoint, equalShare(list.length)]) : []);
  }
  if (list.length === 1) return new Map(list.map((endpoint) => [endpoint, equalShare(1)]));
  if (route?.kind !== "balance") return new Map();
  const own = names?.of(plan);
  const chain = chainsNamed(texts, (route.over === "cluster" ? own?.cluster : own?.local) ?? "").find(
    ({ family }) => family === plan.clusterIp.address.family,
  );
  const byTarget = new Map<string, Share>();
  for (const { exits, share: ofRule } of chain?.rules ?? []) {
    for (const { to, share = ofRule } of exits) {
      if (share === undefined) continue;
      const targets = to.kind === "callee" ? chainsNamed(texts, to.name).flatMap(endpointsOf) : [to.label];
      for (const target of targets) byTarget.set(target, share);
    }
  }
  return new Map(
    list.flatMap((endpoint) => {
      const share = byTarget.get(endpoint.target);
      return share === undefined ? [] : [[endpoint, share] as const];
    }),
  );
}
