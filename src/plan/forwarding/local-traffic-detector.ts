import type { Report } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import type { Cidr, Family } from "../../model/address.ts";
import type { ProxyConfiguration } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { LocalTrafficDetector } from "./forwarding-plan.ts";
import type { NodeView } from "./node-view.ts";

/**
 * How pods are recognised, by family (getLocalDetectors of kube-proxy). Reports what prevents the start of kube-proxy:
 * NodeCIDR without a pod range of the primary family.
 */
export function resolveLocalTrafficDetectors(
  { detectLocal, place }: ProxyConfiguration,
  view: NodeView,
  report: Report,
): Readonly<Partial<Record<Family, LocalTrafficDetector>>> {
  switch (detectLocal.kind) {
    case "cluster-cidr":
      return byFamily(detectLocal.cidrs);
    case "node-cidr": {
      const podCidrs = view.node?.podCidrs ?? [];
      const where = place && at(place, "detectLocalMode");
      if (podCidrs.length === 0) report("pod-cidr-missing", where, { name: view.name });
      else if (podCidrs.every((cidr) => cidr.family !== view.primaryFamily)) {
        const primary = view.primaryFamily === "ipv4" ? "IPv4" : "IPv6";
        report("pod-cidr-wrong-family", where, { primary, name: view.name });
      }
      return byFamily(podCidrs);
    }
    case "bridge-interface": {
      const local = { kind: "interface", name: detectLocal.name } as const;
      return { ipv4: local, ipv6: local };
    }
    case "interface-prefix": {
      const local = { kind: "interface-prefix", prefix: detectLocal.prefix } as const;
      return { ipv4: local, ipv6: local };
    }
  }
}

/** The first range of each family counts. */
function byFamily(cidrs: readonly Cidr[]): Partial<Record<Family, LocalTrafficDetector>> {
  const found: Partial<Record<Family, LocalTrafficDetector>> = {};
  for (const cidr of cidrs) found[cidr.family] ??= { kind: "source", cidr };
  return found;
}
