import { at } from "../../../diagnostics/place.ts";
import { type Family, families } from "../../../model/address.ts";
import type { StateRule } from "../checked-state.ts";

/** Source ranges of a load balancer together with node ports or external IPs, to which they do not apply. */
export const sourceRangesBypassed: StateRule = ({ services }) => {
  for (const { service, isProxied, report } of services) {
    if (!isProxied || service.type !== "LoadBalancer") continue;
    const restricts = (family: Family): boolean => {
      const ranges = service.sourceRanges.filter(({ cidr }) => cidr.family === family);
      return ranges.length > 0 && ranges.every(({ cidr }) => cidr.prefix > 0);
    };
    const used = Object.keys(service.clusterIps) as Family[];
    if (!(used.length === 0 ? families : used).some(restricts)) continue;
    const nodePorts = service.ports.flatMap(({ nodePort }) => nodePort ?? []);
    const byNodePort = nodePorts.length === 0 ? [] : [`nodePort ${nodePorts.join(", ")}`];
    const ways = [...byNodePort, ...service.externalIps.map(({ address }) => `external IP ${address.text}`)];
    const place = at(at(service.place, "spec"), "loadBalancerSourceRanges");
    if (ways.length > 0) report("source-ranges-bypassed", place, { ways: ways.join(" and ") });
  }
};
