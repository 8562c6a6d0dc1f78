import { parseTarget, printTarget } from "../datapath/address-set.ts";
import type { Part } from "../datapath/classes.ts";
import { originOf } from "../diagnostics/place.ts";
import type { Cluster } from "../model/cluster.ts";
import { isRecord, valueAt } from "../model/fields/fields.ts";
import { serviceInRule } from "../programs/registry.ts";
import type { Difference } from "./destinations/compare-destination.ts";
import type { Destination } from "./destinations/referenced-destinations.ts";
import type { EndpointAt, ServiceAt, SideNode } from "./side.ts";

export interface FoundService extends Partial<ServiceAt> {
  /** The name in base, where that is another. */
  readonly formerName?: string;
}

type KnownServices = Pick<SideNode, "services">;

/** The Service of a destination: from the state, else from the comments of the deciding rules. */
export function findService(
  key: Destination,
  { base, head }: { readonly base: KnownServices; readonly head: KnownServices },
  { was, now }: Difference,
): FoundService {
  const before = ownerIn(base, key) ?? ownerByHops(key, was);
  const after = ownerIn(head, key) ?? ownerByHops(key, now);
  const found = ownerIn(head, key) ?? ownerIn(base, key) ?? after ?? before ?? {};
  const former = before?.name === found.name ? undefined : before?.name;
  return former === undefined ? found : { ...found, formerName: former };
}

function ownerIn({ services }: KnownServices, { kind, address, port, protocol }: Destination): ServiceAt | undefined {
  switch (kind) {
    case "elsewhere":
      return undefined;
    case "other-ports":
      return byAddress(services).get(address);
    case "bound":
      return services.get(`*:${port}/${protocol}`);
    case "address":
    case "node-port":
      return services.get(`${printTarget({ address, port })}/${protocol}`) ?? services.get(`*:${port}/${protocol}`);
  }
}

function ownerByHops({ kind }: Destination, parts: readonly Part[]): Partial<ServiceAt> | undefined {
  if (kind === "elsewhere" || kind === "other-ports") return undefined;
  for (const hop of parts.flatMap(({ outcome }) => outcome.hops)) {
    const name = hop.kind === "rule" ? (serviceInRule(hop.element ?? "") ?? serviceInRule(hop.rule.text)) : undefined;
    if (name !== undefined) return { name };
  }
  return undefined;
}

const indexes = new WeakMap<SideNode["services"], ReadonlyMap<string, ServiceAt>>();

/** An address belongs to one Service, so its first port identifies it. */
function byAddress(services: SideNode["services"]): ReadonlyMap<string, ServiceAt> {
  const known = indexes.get(services);
  if (known !== undefined) return known;
  const index = new Map<string, ServiceAt>();
  for (const [text, service] of services) {
    const address = parseTarget(text.replace(/\/\w+$/, ""))?.address;
    if (address !== undefined && !index.has(address)) index.set(address, service);
  }
  indexes.set(services, index);
  return index;
}

/**
 * The pod and node of each endpoint of a cluster, by `10.244.3.4:8080` or `[fd00::4]:8080`. Pods are looked up in the
 * documents: the compiler does not keep targetRef.
 */
export function endpointNames(cluster: Cluster, documents: readonly unknown[]): ReadonlyMap<string, EndpointAt> {
  const found = new Map<string, EndpointAt>();
  for (const { family, ports, endpoints, endpointsPlace } of cluster.slices) {
    const list = valueAt(documents, originOf(endpointsPlace));
    for (const { ip, index, nodeName } of endpoints) {
      const pod = podOf(Array.isArray(list) ? list[index] : undefined);
      if (pod === undefined && nodeName === undefined) continue;
      const endpoint = { pod, node: nodeName };
      for (const { port } of ports) {
        if (port !== undefined) found.set(family === "ipv6" ? `[${ip}]:${port}` : `${ip}:${port}`, endpoint);
      }
    }
  }
  return found;
}

function podOf(endpoint: unknown): string | undefined {
  const { targetRef } = isRecord(endpoint) ? endpoint : {};
  if (!isRecord(targetRef) || targetRef.kind !== "Pod") return undefined;
  return typeof targetRef.name === "string" ? targetRef.name : undefined;
}
