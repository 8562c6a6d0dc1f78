import { at, originOf, type Place } from "../../diagnostics/place.ts";
import { isRecord, valueAt } from "../../model/fields/fields.ts";
import type { Service, ServicePort } from "../../model/objects/service.ts";
import type { NodeFacts, NotProgrammed, OmissionReason } from "./not-programmed.ts";

/** Addresses and ports of a Service that are not programmed on any node. */
export function exposureOmissions(service: Service, node: NodeFacts): readonly NotProgrammed[] {
  return [
    ...ingressOmissions(service, node),
    ...externalIpOmissions(service, node),
    ...sourceRangeOmissions(service),
    ...service.ports.flatMap((port) => nodePortOmissions(service, port, node)),
    ...healthCheckOmissions(service),
  ];
}

function omission(reason: OmissionReason, what: string, why: string, place: Place): NotProgrammed {
  return { reason, port: undefined, what, why, origin: originOf(place) };
}

function ingressOmissions(service: Service, { documents }: NodeFacts): readonly NotProgrammed[] {
  const place = at(at(at(service.place, "status"), "loadBalancer"), "ingress");
  const list = valueAt(documents, originOf(place));
  if (!Array.isArray(list)) return [];
  return list.flatMap((ingress: unknown, index) => {
    if (!isRecord(ingress)) return [];
    const here = at(place, index);
    const { ip, hostname, ipMode } = ingress;
    if (typeof ip !== "string" || ip === "") {
      if (typeof hostname !== "string") return [];
      const why = "kube-proxy reads only ip, not hostname";
      return [omission("ingress-hostname", `load balancer ${hostname}`, why, at(here, "hostname"))];
    }
    if (ipMode !== "Proxy") return [];
    const why = "its ipMode is Proxy: packets go to the load balancer itself";
    return [omission("ingress-ip-mode-proxy", `load balancer IP ${ip}`, why, at(here, "ipMode"))];
  });
}

function externalIpOmissions({ externalIps }: Service, { cluster }: NodeFacts): readonly NotProgrammed[] {
  if (cluster.proxyConfiguration.allowExternalIps) return [];
  const why = "kube-proxy's feature gate AllowServiceExternalIPs is off";
  return externalIps.map(({ address, place }) =>
    omission("external-ips-disabled", `external IP ${address.text}`, why, place),
  );
}

function sourceRangeOmissions(service: Service): readonly NotProgrammed[] {
  const { sourceRanges, loadBalancerIps, ports, externalIps } = service;
  const [first] = sourceRanges;
  if (first === undefined) return [];
  const place = at(at(service.place, "spec"), "loadBalancerSourceRanges");
  if (loadBalancerIps.length === 0) {
    const why = "it has no load balancer IP to protect";
    return [omission("source-ranges-without-addresses", "source ranges", why, place)];
  }
  const open = [
    ...(ports.some(({ nodePort }) => nodePort !== undefined) ? ["node ports"] : []),
    ...(externalIps.length > 0 ? ["external IPs"] : []),
  ];
  if (open.length === 0) return [];
  const why = "loadBalancerSourceRanges protect only load balancer IPs";
  return [omission("source-ranges-not-for-node-port", `source ranges for ${open.join(" and ")}`, why, place)];
}

/** A Service of type ClusterIP never has one. */
function nodePortOmissions(service: Service, port: ServicePort, { documents }: NodeFacts): readonly NotProgrammed[] {
  if (port.nodePort !== undefined || (service.type !== "NodePort" && service.type !== "LoadBalancer")) return [];
  const what = `node port of port ${port.name || port.port}`;
  const place = at(at(service.place, "spec"), "allocateLoadBalancerNodePorts");
  if (service.type === "LoadBalancer" && valueAt(documents, originOf(place)) === false) {
    return [omission("node-port-not-allocated", what, "allocateLoadBalancerNodePorts is false", place)];
  }
  return [omission("node-port-missing", what, "it is not set, and only a cluster allocates one", port.place)];
}

function healthCheckOmissions(service: Service): readonly NotProgrammed[] {
  const { type, externalTrafficPolicy, healthCheckNodePort } = service;
  if (type !== "LoadBalancer" || externalTrafficPolicy !== "Local" || healthCheckNodePort !== undefined) return [];
  const why = "spec.healthCheckNodePort is not set, and only a cluster allocates one";
  return [omission("health-check-port-missing", "health check port", why, at(service.place, "spec"))];
}
