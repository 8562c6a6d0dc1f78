import { describe, expect, it } from "vitest";
import { servicePortChains } from "../../../src/modes/iptables/chains.ts";
import {
  clusterCidr,
  explainFirst,
  here,
  node,
  omissionsOf,
  service,
  slice,
  there,
  zonedNode,
} from "./explain-here.ts";

const { local: localChain } = servicePortChains("shop/web:http", "tcp");
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
      "external-name | every rule | it is of type ExternalName: DNS answers with db.example.com, and kube-proxy has no part in it",
    ],
    [
      "headless",
      [node(), service({ clusterIP: "None" }), slice([here])],
      quiet,
      "headless | every rule | it is headless (clusterIP: None): DNS answers with the endpoints themselves",
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
      "other-proxy | every rule | its label service.kubernetes.io/service-proxy-name leaves it to another proxy, cilium",
    ],
    [
      "no cluster IP",
      [node(), service({ clusterIP: undefined }), slice([here])],
      quiet,
      "no-cluster-ip | every rule | it has no cluster IP yet: a cluster would choose one",
    ],
    [
      "a family that is not compiled",
      [node(), service({ clusterIP: "10.96.0.20", clusterIPs: ["10.96.0.20", "fd00::20"] }), slice([here])],
      { ...quiet, families: ["ipv4"] },
      "family-not-compiled | IPv6 rules | that family is not compiled here, so fd00::20 is not served",
    ],
    [
      "an address of a family without a cluster IP",
      [node(), service({ externalIPs: ["2001:db8::7"] }), slice([here])],
      quiet,
      "family-without-cluster-ip | IPv6 rules | it has no cluster IP of that family, so 2001:db8::7 is not served",
    ],
    [
      "a family compiled for others",
      [node(), service(), slice([here])],
      { ...quiet, families: ["ipv4", "ipv6"] },
      "family-without-cluster-ip | IPv6 rules | it has no cluster IP of that family",
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
      "ingress-hostname | load balancer lb.example.com | rules know no names: kube-proxy reads only an ip",
    ],
    [
      "ipMode Proxy",
      [node(), service(balancer, ingress({ ip: "203.0.113.9", ipMode: "Proxy" })), slice([here])],
      quiet,
      "ingress-ip-mode-proxy | load balancer IP 203.0.113.9 | its ipMode Proxy leaves packets to the load balancer itself",
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
      "node-port-missing | node port of port http | it is not given, and only a cluster would choose one",
    ],
    [
      "node ports on no address",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, nodePortAddresses: ["198.51.100.0/24"] } },
      "node-ports-match-nothing | node port 30080 | no address of this node lies in nodePortAddresses",
    ],
    [
      "node ports on some addresses",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, nodePortAddresses: ["192.0.2.0/24"] } },
      "node-ports-on-some-addresses | node port 30080 on other addresses of this node | nodePortAddresses choose 192.0.2.10",
    ],
    [
      "node ports off loopback, by address",
      [node(), service(nodePort), slice([here])],
      { config: { ...clusterCidr, nodePortAddresses: ["192.0.2.0/24"] } },
      "node-ports-not-on-loopback | node port 30080 on 127.0.0.1 | 127.0.0.1 does not lie in nodePortAddresses",
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
      "node-ports-not-on-loopback | node port 30080 on 127.0.0.1 | the ipvs mode serves none on loopback",
    ],
    [
      "a health check port that nobody chose",
      [node(), service({ ...balancer, externalTrafficPolicy: "Local" }, ingress({ ip: "203.0.113.9" })), slice([here])],
      quiet,
      "health-check-port-missing | health check port | spec.healthCheckNodePort is not given, and only a cluster would choose one",
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
      "health-check-port-skipped | health check port 32000 | kube-proxy in ipvs mode gives up on the service port where no node port can be opened",
    ],
    [
      "source ranges of the other family",
      [
        node(),
        service({ ...balancer, loadBalancerSourceRanges: ["2001:db8::/32"] }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "source-ranges-other-family | source ranges in IPv4 | none is of that family, so every source may use the load balancer IPs",
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
      "source-range-zero | source ranges in IPv4 | 0.0.0.0/0 takes in every source",
    ],
    [
      "source ranges of nothing",
      [node(), service({ ...balancer, loadBalancerSourceRanges: ["198.51.100.0/24"] }), slice([here])],
      quiet,
      "source-ranges-without-addresses | source ranges | it has no load balancer IP that they could guard",
    ],
    [
      "source ranges without this node",
      [
        node(),
        service({ ...balancer, loadBalancerSourceRanges: ["198.51.100.0/24"] }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "source-ranges-node-outside | load balancer IPs for this node itself | this node lies in none of the source ranges, so its own packets are dropped",
    ],
    [
      "source ranges beside node ports",
      [
        node(),
        service({ ...balancer, loadBalancerSourceRanges: ["192.0.2.0/24"] }, ingress({ ip: "203.0.113.9" })),
        slice([here]),
      ],
      quiet,
      "source-ranges-not-for-node-port | source ranges for node ports | loadBalancerSourceRanges guard load balancer IPs alone",
    ],
    [
      "pods that cannot be told",
      [node(), service(), slice([here])],
      {},
      "pods-not-told | masquerading of traffic to the cluster IP that no pod sends | nothing says how pods are told from other sources (detectLocalMode, clusterCIDR)",
    ],
    [
      "no endpoint at all",
      [node(), service(), slice([])],
      quiet,
      "no-endpoints | rules that lead to endpoints | it has no endpoints, so its traffic is rejected",
    ],
    [
      "no usable endpoint",
      [node(), service(), slice([{ ...here, conditions: { ready: false } }])],
      quiet,
      "no-endpoints | rules that lead to endpoints | 0 of 1 endpoints can be used, so its traffic is rejected",
    ],
    [
      "external policy Local without endpoints here",
      [node(), service({ ...nodePort, externalTrafficPolicy: "Local" }), slice([there])],
      quiet,
      `no-local-endpoints | rules in ${localChain} | externalTrafficPolicy Local and 0 of 1 endpoints here, so traffic from outside is dropped`,
    ],
    [
      "internal policy Local without endpoints here",
      [node(), service({ internalTrafficPolicy: "Local" }), slice([there])],
      quiet,
      `no-local-endpoints | rules in ${localChain} | internalTrafficPolicy Local and 0 of 1 endpoints here, so traffic to the cluster IP is dropped`,
    ],
    [
      "policy Local in ipvs mode",
      [node(), service({ ...nodePort, externalTrafficPolicy: "Local" }), slice([there])],
      { ...quiet, mode: "ipvs" },
      "local-policy-falls-back | local endpoints for traffic from outside | externalTrafficPolicy Local and 0 of 1 endpoints here: all endpoints are used instead",
    ],
    [
      "an endpoint that is not ready",
      [node(), service(), slice([here, { ...there, conditions: { ready: false } }])],
      quiet,
      "endpoint-not-ready | endpoint 10.0.2.6:8080 (node2) | not ready",
    ],
    [
      "an endpoint that terminates",
      [node(), service(), slice([here, { ...there, conditions: { ready: false, serving: true, terminating: true } }])],
      quiet,
      "endpoint-terminating | endpoint 10.0.2.6:8080 (node2) | terminating, which counts only where no endpoint is ready, and 1 is",
    ],
    [
      "an endpoint that has stopped serving",
      [node(), service(), slice([here, { ...there, conditions: { ready: false, serving: false, terminating: true } }])],
      quiet,
      "endpoint-not-serving | endpoint 10.0.2.6:8080 (node2) | terminating and no longer serving",
    ],
    [
      "an endpoint elsewhere",
      [node(), service({ internalTrafficPolicy: "Local" }), slice([here, there])],
      quiet,
      "endpoint-elsewhere | endpoint 10.0.2.6:8080 (node2) | on another node, and internalTrafficPolicy Local uses those on this node only",
    ],
    [
      "an endpoint elsewhere, for some of its traffic",
      [node(), service({ ...nodePort, externalTrafficPolicy: "Local" }), slice([here, there])],
      quiet,
      "endpoint-elsewhere | endpoint 10.0.2.6:8080 (node2) for traffic from outside | on another node, and externalTrafficPolicy Local uses those on this node only",
    ],
    [
      "an endpoint without a node",
      [node(), service({ internalTrafficPolicy: "Local" }), slice([here, { addresses: ["10.0.3.7"] }])],
      quiet,
      "endpoint-elsewhere | endpoint 10.0.3.7:8080 | without a nodeName, and internalTrafficPolicy Local uses those on this node only",
    ],
    [
      "an endpoint for another zone",
      [
        zonedNode("a"),
        service(),
        slice([
          { ...here, hints: { forZones: [{ name: "a" }] } },
          { ...there, hints: { forZones: [{ name: "b" }] } },
        ]),
      ],
      quiet,
      "endpoint-hinted-elsewhere | endpoint 10.0.2.6:8080 (node2) | hints are for zones b, and others are for this node's zone, a",
    ],
    [
      "an endpoint for another node",
      [
        node(),
        service(),
        slice([
          { ...here, hints: { forNodes: [{ name: "node1" }] } },
          { ...there, hints: { forNodes: [{ name: "node2" }] } },
        ]),
      ],
      quiet,
      "endpoint-hinted-elsewhere | endpoint 10.0.2.6:8080 (node2) | hints are for nodes node2, and others are for this node",
    ],
    [
      "hints that some lack",
      [zonedNode("a"), service(), slice([{ ...here, hints: { forZones: [{ name: "a" }] } }, there])],
      quiet,
      "hints-ignored | zone hints of endpoints | they are ignored: endpoint 10.0.2.6:8080 has none",
    ],
    [
      "hints on a node without a zone",
      [node(), service(), slice([{ ...here, hints: { forZones: [{ name: "a" }] } }])],
      quiet,
      "hints-ignored | zone hints of endpoints | they are ignored: this node has no zone (label topology.kubernetes.io/zone)",
    ],
    [
      "hints for other zones alone",
      [zonedNode("c"), service(), slice([{ ...here, hints: { forZones: [{ name: "a" }] } }])],
      quiet,
      "hints-ignored | zone hints of endpoints | they are ignored: no endpoint is for this node's zone, c",
    ],
    [
      "an endpoint given twice",
      [
        node(),
        service(),
        slice([here]),
        slice([here], {
          metadata: { namespace: "shop", name: "web-2", labels: { "kubernetes.io/service-name": "web" } },
        }),
      ],
      quiet,
      "endpoint-given-twice | endpoint 10.0.1.5:8080 of EndpointSlice web-1 | EndpointSlice web-2 gives it too, and that one counts",
    ],
    [
      "no slices",
      [node(), service()],
      quiet,
      "no-slices | every endpoint | no EndpointSlice has the label kubernetes.io/service-name: web",
    ],
    [
      "a slice without the label",
      [node(), service(), slice([here], { metadata: { namespace: "shop", name: "web-abc" } })],
      quiet,
      "slice-without-label | EndpointSlice shop/web-abc | its name looks like it, but it has no label kubernetes.io/service-name: web",
    ],
    [
      "a headless slice",
      [
        node(),
        service(),
        slice([here], {
          metadata: {
            namespace: "shop",
            name: "web-1",
            labels: { "kubernetes.io/service-name": "web", "service.kubernetes.io/headless": "" },
          },
        }),
      ],
      quiet,
      "slice-headless | EndpointSlice shop/web-1 | its label service.kubernetes.io/headless keeps kube-proxy from reading it",
    ],
    [
      "a slice of names",
      [node(), service(), slice([{ addresses: ["a.example.com"] }], { addressType: "FQDN" })],
      quiet,
      "slice-fqdn | EndpointSlice shop/web-1 | kube-proxy reads no slices of addressType FQDN",
    ],
    [
      "a slice of the other family",
      [node(), service(), slice([{ addresses: ["fd00::5"] }], { addressType: "IPv6" })],
      quiet,
      "slice-other-family | EndpointSlice shop/web-1 | the Service has no cluster IP of its family, IPv6",
    ],
    [
      "an empty slice",
      [node(), service(), slice([])],
      quiet,
      "slice-empty | EndpointSlice shop/web-1 | it has no endpoints",
    ],
    [
      "a port without a number",
      [node(), service(), slice([here], { ports: [{ name: "http" }] })],
      quiet,
      "slice-port-without-number | port http of EndpointSlice web-1 | it has no number",
    ],
    [
      "a port that the Service does not have",
      [
        node(),
        service(),
        slice([here], {
          ports: [
            { name: "http", port: 8080 },
            { name: "metrics", port: 9090 },
          ],
        }),
      ],
      quiet,
      "slice-port-unknown | port metrics of EndpointSlice web-1 | the Service has no TCP port named metrics",
    ],
    [
      "a port that no slice has",
      [node(), service(), slice([here], { ports: [{ name: "web", port: 8080 }] })],
      quiet,
      "port-missing-in-slices | every endpoint | no EndpointSlice has a port http/TCP: there is web/TCP",
    ],
  ];

  it.each(cases)("%s", (_, objects, options, expected) => {
    expect(omissionsOf(objects, options)).toContain(expected);
  });

  it("comments, in a large cluster", () => {
    const endpoints = (third: number): object[] =>
      Array.from({ length: 255 }, (_, last) => ({ addresses: [`10.0.${third}.${last + 1}`], nodeName: "node2" }));
    const slices = [1, 2, 3, 4].map((number) =>
      slice(endpoints(number), {
        metadata: { namespace: "shop", name: `web-${number}`, labels: { "kubernetes.io/service-name": "web" } },
      }),
    );
    expect(omissionsOf([node(), service(), ...slices], quiet)).toEqual([
      "comments-left-out | comments in the rules of endpoints | there are more than 1,000 endpoints, and kube-proxy then saves the room",
    ]);
  });

  it("a virtual server that another service port has", () => {
    const first = service({ externalIPs: ["203.0.113.5"] }, { metadata: { namespace: "shop", name: "api" } });
    const second = service({ clusterIP: "10.96.0.21", externalIPs: ["203.0.113.5"] });
    expect(omissionsOf([node(), second, first, slice([here])], { ...quiet, mode: "ipvs" })).toContain(
      "virtual-server-shared | virtual server 203.0.113.5:80 | shop/api:http comes first in name order and has it already",
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
