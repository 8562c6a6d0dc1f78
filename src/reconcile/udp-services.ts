import type { UdpService } from "../languages/conntrack.ts";
import type { Family } from "../model/address.ts";
import type { ForwardingPlan, ServicePortPlan } from "../plan/forwarding/forwarding-plan.ts";

/** The UDP service ports of a node whose connections may have to be forgotten. */
export function udpServices({ families }: ForwardingPlan): readonly UdpService[] {
  const services: UdpService[] = [];
  for (const { family, servicePorts } of families) {
    for (const servicePort of servicePorts) {
      if (servicePort.protocol !== "udp") continue;
      const service = udpService(family, servicePort);
      if (service.endpoints.size > 0) services.push(service);
    }
  }
  return services;
}

/** Policies and termination do not count: connections that last are served on, as those of TCP are. */
function udpService(family: Family, { port, clusterIp, external, endpoints }: ServicePortPlan): UdpService {
  const vips = [clusterIp, ...(external?.loadBalancerIps ?? []), ...(external?.externalIps ?? [])];
  const serving = endpoints.all.filter(({ entry }) => entry.serving);
  return {
    family,
    addresses: vips.map(({ address: { text } }) =>
      family === "ipv4" ? `${text}:${port.port}` : `[${text}]:${port.port}`,
    ),
    nodePort: external?.nodePort,
    endpoints: new Set(serving.map(({ target }) => target)),
  };
}
