import { expect, it } from "vitest";
import { compile } from "../../../src/compile/compile.ts";
import type { ProxyMode } from "../../../src/model/proxy-configuration/proxy-configuration.ts";
import { balancedAt, makeService, makeSlice, testNode } from "../../harness/cluster-objects.ts";

const spec = {
  type: "LoadBalancer",
  clusterIP: "10.96.0.1",
  externalIPs: ["198.51.100.9"],
  loadBalancerSourceRanges: ["192.0.2.0/24"],
  sessionAffinity: "ClientIP",
  externalTrafficPolicy: "Local",
  healthCheckNodePort: 31_000,
  ports: [{ name: "http", port: 80, nodePort: 30_080 }],
};
const objects = [
  testNode,
  { ...makeService("web", spec), ...balancedAt("203.0.113.1") },
  makeSlice("web", { endpoints: ["10.0.1.5"] }),
];

it.each<readonly [ProxyMode, Readonly<Record<string, number>>]>([
  [
    "iptables",
    {
      "iptables.restore spec.healthCheckNodePort": 1,
      "iptables.restore status.loadBalancer.ingress": 2,
      "iptables.restore spec.externalTrafficPolicy": 4,
      "iptables.restore spec.loadBalancerSourceRanges": 1,
      "iptables.restore spec.clusterIP": 3,
      "iptables.restore endpoints[0].addresses[0]": 5,
      "iptables.restore spec.externalIPs[0]": 1,
      "iptables.restore spec.ports[0].nodePort": 1,
      "iptables.restore spec.loadBalancerSourceRanges[0]": 3,
      "iptables.restore spec.sessionAffinity": 2,
    },
  ],
  [
    "ipvs",
    {
      "ipset.restore spec.clusterIP": 2,
      "ipset.restore spec.externalIPs[0]": 2,
      "ipset.restore spec.healthCheckNodePort": 1,
      "ipset.restore status.loadBalancer.ingress": 3,
      "ipset.restore spec.loadBalancerSourceRanges": 2,
      "ipset.restore spec.loadBalancerSourceRanges[0]": 1,
      "ipset.restore endpoints[0].addresses[0]": 1,
      "ipset.restore spec.ports[0].nodePort": 2,
      "ipvs.restore spec.clusterIP": 1,
      "ipvs.restore endpoints[0].addresses[0]": 4,
      "ipvs.restore spec.ports[0].nodePort": 1,
      "ipvs.restore spec.externalIPs[0]": 1,
      "ipvs.restore status.loadBalancer.ingress": 1,
      "addresses.batch spec.clusterIP": 1,
      "addresses.batch spec.externalIPs[0]": 1,
      "addresses.batch status.loadBalancer.ingress": 1,
    },
  ],
  [
    "nftables",
    {
      "nftables.ip.nft endpoints[0].addresses[0]": 13,
      "nftables.ip.nft spec.clusterIP": 2,
      "nftables.ip.nft status.loadBalancer.ingress": 2,
      "nftables.ip.nft spec.externalIPs[0]": 1,
      "nftables.ip.nft spec.ports[0].nodePort": 1,
      "nftables.ip.nft spec.externalTrafficPolicy": 5,
      "nftables.ip.nft spec.loadBalancerSourceRanges": 3,
      "nftables.ip.nft spec.sessionAffinity": 6,
    },
  ],
])("in %s mode, so many lines come from each field", (mode, expected) => {
  const { script } = compile(objects, { node: "node1", mode, origins: true });
  const counts: Record<string, number> = {};
  for (const { file, origins = [] } of script?.steps ?? []) {
    for (const { object, field } of origins) {
      if (object === "kube-proxy") continue;
      expect(object).toBe(field.startsWith("endpoints") ? "EndpointSlice shop/web-x" : "Service shop/web");
      counts[`${file} ${field}`] = (counts[`${file} ${field}`] ?? 0) + 1;
    }
  }
  expect(counts).toEqual(expected);
});
