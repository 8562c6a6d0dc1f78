import type { Family } from "../../model/address.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { GivenObject } from "../given.ts";
import type { Settings } from "../options.ts";
import { isGiven, recordOf, textOf, textsOf, type Value } from "../values.ts";
import { serviceFamilies } from "./service-families.ts";

/** What a Service lacks, by the names it is allocated under. */
export interface Claims {
  readonly families: readonly Family[];
  /** At most one name of each family. */
  readonly clusterIps: Readonly<Partial<Record<Family, readonly string[]>>>;
  readonly loadBalancerIps: Readonly<Partial<Record<Family, readonly string[]>>>;
  /** By the index of the port. Ports of one number share a node port, as the API server's allocator has it. */
  readonly nodePorts: ReadonlyMap<number, string>;
  readonly healthCheck: readonly [string] | undefined;
}

/** Names what is to be allocated for a Service. */
export function claimsOf({ input, key }: GivenObject, settings: Settings): Claims {
  const spec = recordOf(input.value.spec);
  const families = serviceFamilies(spec, settings);
  const isLoadBalancer = spec.type === "LoadBalancer";
  const given = givenFamilies(spec);
  const hasClusterIp = spec.type !== "ExternalName" && spec.clusterIP !== "None";
  const missing = hasClusterIp ? families.slice(given) : [];
  // An empty one says that the load balancer is not there yet.
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

/** How many cluster IPs there are; more of a Service that has them all are not wanted unless it says so. */
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
