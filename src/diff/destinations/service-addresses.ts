import { at, type Place } from "../../diagnostics/place.ts";
import { families, joinHostPort } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { compareBytes } from "../../model/fields/name-map.ts";
import { isProxied, type Service, type ServicePort } from "../../model/objects/service.ts";
import { servicePortName } from "../../plan/forwarding/resolve-service-port.ts";
import type { ServiceAt } from "../side.ts";
import type { SourcePlace } from "../traffic-diff.ts";

/**
 * The Service of each address and node port of a cluster, with the keys of SideNode.services. Where several claim one,
 * the first in name order has it, as in kube-proxy's rules. `locate` finds a place in the input files.
 */
export function serviceAddresses(
  cluster: Cluster,
  locate: (place: Place) => SourcePlace | undefined,
): ReadonlyMap<string, ServiceAt> {
  const found = new Map<string, ServiceAt>();
  const enter = (key: string, name: string, place: Place): void => {
    if (!found.has(key)) found.set(key, { name, source: () => locate(place) });
  };
  const services = cluster.services.filter(isProxied).sort(byName);
  for (const service of services) {
    for (const port of service.ports) enterPort(service, port, enter);
    const { healthCheckNodePort: health, place } = service;
    if (health !== undefined)
      enter(`*:${health}/tcp`, `${service.namespace}/${service.name}`, at(at(place, "spec"), "healthCheckNodePort"));
  }
  return found;
}

function enterPort(
  service: Service,
  { port, protocol, nodePort, place, name }: ServicePort,
  enter: (key: string, name: string, place: Place) => void,
): void {
  const suffix = `/${protocol.toLowerCase()}`;
  const fullName = servicePortName(service, { port, protocol, nodePort, place, name });
  for (const family of families) {
    const vip = service.clusterIps[family];
    if (vip !== undefined) enter(joinHostPort(vip.address, port) + suffix, fullName, place);
  }
  for (const vip of [...service.externalIps, ...service.loadBalancerIps])
    enter(joinHostPort(vip.address, port) + suffix, fullName, vip.place);
  if (nodePort !== undefined) enter(`*:${nodePort}${suffix}`, fullName, at(place, "nodePort"));
}

function byName(a: Service, b: Service): number {
  return compareBytes(a.namespace, b.namespace) || compareBytes(a.name, b.name);
}
