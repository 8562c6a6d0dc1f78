import { parseIp } from "../../model/address.ts";
import type { GivenObject } from "../given.ts";
import { countOf, recordOf, recordsOf, textOf, textsOf } from "../values.ts";

export interface Taken {
  readonly addresses: Set<string>;
  readonly nodePorts: Set<string>;
}

/** What Services have already: nobody else is given it. */
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
