import type { EndpointSlice } from "../../../model/endpoints/endpoint-slice.ts";
import type { Service } from "../../../model/service/service.ts";
import { endpointChain, servicePortChains } from "../../../modes/iptables/chains.ts";
import type { Endpoint } from "../../../resolve/forwarding-plan.ts";
import { gatherEndpoints } from "../../../resolve/gather-endpoints.ts";
import { servicePortName } from "../../../resolve/resolve-service-port.ts";
import type { NodeFacts } from "../omissions/node-facts.ts";

/** The service port whose chain has a name: found by making the names of all of them, which are one-way hashes. */
export interface ChainOwner {
  readonly role: "SVC" | "SVL" | "EXT" | "FW" | "SEP" | "XLB";
  readonly service: Service;
  /** `shop/web:http` */
  readonly port: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Of a SEP chain. */
  readonly endpoint: Endpoint | undefined;
}

const ownName = /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-([A-Z2-7]{16})$/;

/** Finds whose chain it would be on any node: endpoints that are not ready and Services of other proxies count too. */
export function findChainOwner(name: string, { cluster, name: node }: NodeFacts): ChainOwner | undefined {
  const [, role, hash] = ownName.exec(name) ?? [];
  if (role === undefined) return undefined;
  const slices = role === "SEP" ? slicesByService(cluster.slices) : undefined;
  for (const service of cluster.services) {
    for (const port of service.ports) {
      const portName = servicePortName(service, port);
      const protocol = port.protocol.toLowerCase() as ChainOwner["protocol"];
      const owner = { service, port: portName, protocol };
      if (slices === undefined) {
        const { cluster: made } = servicePortChains(portName, protocol);
        if (made.endsWith(`-${hash}`)) return { ...owner, role: role as ChainOwner["role"], endpoint: undefined };
        continue;
      }
      const ours = slices.get(`${service.namespace}/${service.name}`) ?? [];
      const endpoint = gatherEndpoints(ours, port, node, () => {}).find(
        ({ target }) => endpointChain(portName + protocol, target) === name,
      );
      if (endpoint !== undefined) return { ...owner, role: "SEP", endpoint };
    }
  }
  return undefined;
}

function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    if (slice.service === undefined || slice.family === undefined) continue;
    const key = `${slice.namespace}/${slice.service}`;
    const list = found.get(key);
    if (list === undefined) found.set(key, [slice]);
    else list.push(slice);
  }
  return found;
}
