import { describe, expect, it } from "vitest";
import {
  clusterCidr,
  explainFirst,
  here,
  node,
  omissionsOf,
  service,
  slice,
  there,
} from "../../harness/explain-objects.ts";

const quiet = { config: clusterCidr };
const nodePort = { type: "NodePort", ports: [{ name: "http", port: 80, nodePort: 30080 }] };
const balancer = { type: "LoadBalancer", ports: [{ name: "http", port: 80, nodePort: 30080 }] };
const ingress = (...ips: object[]): object => ({ status: { loadBalancer: { ingress: ips } } });

describe("what a Service does not get", () => {
  it("nothing, where it gets all", () => {
    expect(omissionsOf([node(), service(nodePort), slice([here, there])], quiet)).toEqual([]);
  });

  const cases: readonly [string, readonly object[], object, string][] = [
    [
      "ExternalName",
      [node(), service({ type: "ExternalName", externalName: "db.example.com", clusterIP: undefined })],
      quiet,
      "external-name | every rule | it is of type ExternalName: a DNS alias for db.example.com, without rules",
    ],
    [
      "headless",
      [node(), service({ clusterIP: "None" }), slice([here])],
      quiet,
      "headless | every rule | it is headless (clusterIP: None): DNS returns the endpoint addresses",
    ],
    [
      "another proxy",
      [
        node(),
        service(
          {},
          {
            metadata: {
              namespace: "shop",
              name: "web",
              labels: { "service.kubernetes.io/service-proxy-name": "cilium" },
            },
          },
        ),
      ],
      quiet,
      "other-proxy | every rule | its label service.kubernetes.io/service-proxy-name assigns it to another proxy, cilium",
    ],
    [
      "no cluster IP",
      [node(), service({ clusterIP: undefined }), slice([here])],
      quiet,
      "no-cluster-ip | every rule | it has no cluster IP: only a cluster allocates one",
    ],
    [
      "a family that is not compiled",
      [node(), service({ clusterIP: "10.96.0.20", clusterIPs: ["10.96.0.20", "fd00::20"] }), slice([here])],
      { ...quiet, families: ["ipv4"] },
      "family-not-compiled | IPv6 rules | this family is not compiled, so fd00::20 is not served",
    ],
    [
      "an address of a family without a cluster IP",
      [node(), service({ externalIPs: ["2001:db8::7"] }), slice([here])],
      quiet,
      "family-without-cluster-ip | IPv6 rules | it has no cluster IP of this family, so 2001:db8::7 is not served",
    ],
    [
      "a family compiled for others",
      [node(), service(), slice([here])],
      { ...quiet, families: ["ipv4", "ipv6"] },
      "family-without-cluster-ip | IPv6 rules | it has no cluster IP of this family",
    ],
    [
      "external IPs that are off",
      [node(), service({ externalIPs: ["203.0.113.5"] }), slice([here])],
      { config: { ...clusterCidr, featureGates: { AllowServiceExternalIPs: false } } },
      "external-ips-disabled | external IP 203.0.113.5 | kube-proxy's feature gate AllowServiceExternalIPs is off",
    ],
    [
      "an ingress name",
      [node(), service(balancer, ingress({ hostname: "lb.example.com" })), slice([here])],
      quiet,
      "ingress-hostname | load balancer lb.example.com | kube-proxy reads only ip, not hostname",
    ],
    [
      "ipMode Proxy",
      [node(), service(balancer, ingress({ ip: "203.0.113.9", ipMode: "Proxy" })), slice([here])],
      quiet,
      "ingress-ip-mode-proxy | load balancer IP 203.0.113.9 | its ipMode is Proxy: packets go to the load balancer itself",
    ],
    [
      "a node port that is not allocated",
      [
        node(),
        service({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "node-port-not-allocated | node port of port http | allocateLoadBalancerNodePorts is false",
    ],
    [
      "a node port that nobody chose",
      [node(), service({ type: "NodePort" }), slice([here])],
      quiet,
      "node-port-missing | node port of port http | it is not set, and only a cluster allocates one",
    ],
    [
      "node ports on no address",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, nodePortAddresses: ["198.51.100.0/24"] } },
      "node-ports-match-nothing | node port 30080 | no address of this node is in nodePortAddresses",
    ],
    [
      "node ports on some addresses",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, nodePortAddresses: ["192.0.2.0/24"] } },
      "node-ports-restricted | node port 30080 on other addresses of this node | nodePortAddresses select 192.0.2.10",
    ],
    [
      "node ports off loopback, by address",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, nodePortAddresses: ["192.0.2.0/24"] } },
      "node-ports-not-on-loopback | node port 30080 on 127.0.0.1 | 127.0.0.1 is not in nodePortAddresses",
    ],
    [
      "node ports off loopback, by configuration",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, iptables: { localhostNodePorts: false } } },
      "node-ports-not-on-loopback | node port 30080 on 127.0.0.1 | iptables.localhostNodePorts is false",
    ],
    [
      "node ports off loopback, by mode",
      [node(), service(nodePort), slice([here])],
      { ...quiet, mode: "ipvs" },
      "node-ports-not-on-loopback | node port 30080 on 127.0.0.1 | the ipvs mode does not serve node ports on loopback",
    ],
    [
      "a health check port that nobody chose",
      [node(), service({ ...balancer, externalTrafficPolicy: "Local" }, ingress({ ip: "203.0.113.9" })), slice([here])],
      quiet,
      "health-check-port-missing | health check port | spec.healthCheckNodePort is not set, and only a cluster allocates one",
    ],
    [
      "a health check port in ipvs mode without node ports",
      [
        node(),
        service(
          { ...balancer, externalTrafficPolicy: "Local", healthCheckNodePort: 32000 },
          ingress({ ip: "203.0.113.9" }),
        ),
        slice([here]),
      ],
      { mode: "ipvs", config: { ...clusterCidr, nodePortAddresses: ["198.51.100.0/24"] } },
      "health-check-port-skipped | health check port 32000 | in ipvs mode kube-proxy stops processing the service port if no node port can be opened",
    ],
    [
      "source ranges of the other family",
      [
        node(),
        service({ ...balancer, loadBalancerSourceRanges: ["2001:db8::/32"] }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "source-ranges-other-family | source ranges in IPv4 | none has this family, so every source can use the load balancer IPs",
    ],
    [
      "a source range of everything",
      [
        node(),
        service(
          { ...balancer, loadBalancerSourceRanges: ["0.0.0.0/0", "198.51.100.0/24"] },
          ingress({ ip: "203.0.113.9" }),
        ),
        slice([here]),
      ],
      quiet,
      "source-range-zero | source ranges in IPv4 | 0.0.0.0/0 allows every source",
    ],
    [
      "source ranges of nothing",
      [node(), service({ ...balancer, loadBalancerSourceRanges: ["198.51.100.0/24"] }), slice([here])],
      quiet,
      "source-ranges-without-addresses | source ranges | it has no load balancer IP to protect",
    ],
    [
      "source ranges without this node",
      [
        node(),
        service({ ...balancer, loadBalancerSourceRanges: ["198.51.100.0/24"] }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "source-ranges-node-outside | load balancer IPs for this node itself | this node is in none of the source ranges, so its own packets are dropped",
    ],
    [
      "source ranges beside node ports",
      [
        node(),
        service({ ...balancer, loadBalancerSourceRanges: ["192.0.2.0/24"] }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "source-ranges-not-for-node-port | source ranges for node ports | loadBalancerSourceRanges protect only load balancer IPs",
    ],
    [
      "pods that cannot be told",
      [node(), service(), slice([here])],
      {},
      "no-local-detector | masquerade of traffic to the cluster IP that is not from pods | local traffic detection is not configured (detectLocalMode, clusterCIDR)",
    ],
  ];

  it.each(cases)("%s", (_, objects, options, expected) => {
    expect(omissionsOf(objects, options)).toContain(expected);
  });

  it("a virtual server that another service port has", () => {
    const first = service({ externalIPs: ["203.0.113.5"] }, { metadata: { namespace: "shop", name: "api" } });
    const second = service({ clusterIP: "10.96.0.21", externalIPs: ["203.0.113.5"] });
    expect(omissionsOf([node(), second, first, slice([here])], { ...quiet, mode: "ipvs" })).toContain(
      "virtual-server-shared | virtual server 203.0.113.5:80 | shop/api:http is first in name order and owns it",
    );
  });

  it("each says where the input says so", () => {
    const { omissions } = explainFirst(
      [node(), service(), slice([here, { ...there, conditions: { ready: false } }])],
      quiet,
    );
    expect(omissions.map(({ origin }) => origin)).toEqual([{ document: 2, path: ["endpoints", 1, "conditions"] }]);
  });
});
