import { at } from "../../../diagnostics/place.ts";
import { readBalancerTasks } from "../../../model/objects/load-balancer-annotations.ts";
import type { StateRule } from "../checked-state.ts";

/** Load balancers that prepare connections for endpoints, although nodes answer for their addresses themselves. */
export const loadBalancerBypassed: StateRule = ({ services }) => {
  for (const { service, isProxied, report } of services) {
    // An ingress with a hostname or with ipMode Proxy is left to the load balancer, and is not among the addresses.
    const [vip] = service.loadBalancerIps;
    if (!isProxied || service.type !== "LoadBalancer" || vip === undefined) continue;
    for (const { task, annotation } of readBalancerTasks(service.annotations)) {
      const place = at(at(at(service.place, "metadata"), "annotations"), annotation);
      const related = [{ message: "the address", place: vip.place }];
      report("load-balancer-bypassed", place, { task, vip: vip.address.text }, { related });
    }
  }
};
