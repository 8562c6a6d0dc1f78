import { type Family, families, parseIp } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import type { GivenObject } from "./draft.ts";
import type { Settings } from "./options.ts";
import { countOf, isGiven, recordOf, recordsOf, textOf, textsOf, type Value } from "./values.ts";

/** The missing fields of a Service, by the names of their allocations. */
export interface Claims {
  readonly families: readonly Family[];
  /** At most one name of each family. */
  readonly clusterIps: Readonly<Partial<Record<Family, readonly string[]>>>;
  readonly loadBalancerIps: Readonly<Partial<Record<Family, readonly string[]>>>;
  /** By the index of the port. Ports of one number share a node port, as the API server's allocator has it. */
  readonly nodePorts: ReadonlyMap<number, string>;
  readonly healthCheck: readonly [string] | undefined;
}

/** Names the allocations that a Service needs. */
export function claimsOf({ input, key }: GivenObject, settings: Settings): Claims {
  const spec = recordOf(input.value.spec);
  const families = serviceFamilies(spec, settings);
  const isLoadBalancer = spec.type === "LoadBalancer";
  const given = givenFamilies(spec);
  const hasClusterIp = spec.type !== "ExternalName" && spec.clusterIP !== "None";
  const missing = hasClusterIp ? families.slice(given) : [];
  // An empty status means that the load balancer has no address yet.
  const isBalanced = isRecord(recordOf(input.value.status).loadBalancer);
  const balanced = isLoadBalancer && !isBalanced && !isGiven(spec.loadBalancerIP) ? families : [];
  return {
    families,
    clusterIps: byFamily(missing, (family) => `cluster-ip ${family} ${key}`),
    loadBalancerIps: byFamily(balanced, (family) => `load-balancer ${family} ${key}`),
    nodePorts: nodePortsOf(spec, key),
    healthCheck:
      isLoadBalancer && spec.externalTrafficPolicy === "Local" && !isGiven(spec.healthCheckNodePort)
        ? [`health-check ${key}`]
        : undefined,
  };
}

/** The number of cluster IPs. If a Service has them all, another one is only added if its spec requests it. */
function givenFamilies(spec: Value): number {
  const several = textsOf(spec.clusterIPs).length;
  return several > 0 ? several : textOf(spec.clusterIP) === undefined ? 0 : 1;
}

function byFamily(
  families: readonly Family[],
  name: (family: Family) => string,
): Readonly<Partial<Record<Family, readonly string[]>>> {
  return Object.fromEntries(families.map((family) => [family, [name(family)]]));
}

function nodePortsOf(spec: Value, key: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const wants =
    spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
  if (!wants || !Array.isArray(spec.ports)) return names;
  spec.ports.forEach((port: unknown, index) => {
    if (!isGiven(recordOf(port).nodePort)) names.set(index, `node-port ${key}:${String(recordOf(port).port)}`);
  });
  return names;
}

export interface Taken {
  readonly addresses: Set<string>;
  readonly nodePorts: Set<string>;
}

/** The values that Services already have: they are not allocated again. */
export function takenByServices(services: readonly GivenObject[]): Taken {
  const addresses = new Set<string>();
  const nodePorts = new Set<string>();
  for (const { input } of services) {
    const spec = recordOf(input.value.spec);
    const ingresses = recordsOf(recordOf(recordOf(input.value.status).loadBalancer).ingress);
    const texts = [
      textOf(spec.clusterIP),
      textOf(spec.loadBalancerIP),
      ...textsOf(spec.clusterIPs),
      ...textsOf(spec.externalIPs),
      ...ingresses.map(({ ip }) => textOf(ip)),
    ];
    for (const text of texts) {
      const ip = parseIp(text ?? "");
      if (ip !== undefined) addresses.add(ip.text);
    }
    const ports = [spec.healthCheckNodePort, ...recordsOf(spec.ports).map(({ nodePort }) => nodePort)];
    for (const port of ports.map(countOf)) if (port !== undefined && port > 0) nodePorts.add(String(port));
  }
  return { addresses, nodePorts };
}

const familyOf: Readonly<Record<string, Family>> = { IPv4: "ipv4", IPv6: "ipv6" };

/**
 * The families of a Service, primary first, as the API server chooses them: those of its spec, or the primary family,
 * and the second one for a dual-stack policy.
 */
export function serviceFamilies(spec: Value, { serviceCidrs }: Settings): readonly Family[] {
  const known = serviceCidrs.map(({ family }) => family);
  const said = textsOf(spec.ipFamilies).flatMap((name) => familyOf[name] ?? []);
  const ips = [textOf(spec.clusterIP), ...textsOf(spec.clusterIPs)].flatMap((ip) => parseIp(ip ?? "")?.family ?? []);
  const chosen = [...new Set(said.length > 0 ? said : ips)];
  // An API server has filled in both fields, and it knew the families of the cluster.
  if (said.length > 0 && textsOf(spec.clusterIPs).length > 0) return chosen;
  const first = chosen.length > 0 ? chosen : known.slice(0, 1);
  const policy = textOf(spec.ipFamilyPolicy);
  if (policy === "RequireDualStack") return [...new Set([...first, ...families])];
  return policy === "PreferDualStack" ? [...new Set([...first, ...known])] : first;
}
