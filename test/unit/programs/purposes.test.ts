import { expect, it } from "vitest";
import type { ForwardingPlan } from "../../../src/plan/forwarding/forwarding-plan.ts";
import { fixedChains, servicePortChainPurposes } from "../../../src/programs/kube-proxy/chain-names.ts";
import { fixedNames, purposeOf } from "../../../src/programs/kube-proxy/nftables/purposes.ts";
import type { ProgramId } from "../../../src/programs/program.ts";
import { programById } from "../../../src/programs/registry.ts";
import { settings } from "../plan/plans.ts";

it("every chain of iptables is for something, by table", () => {
  expect(
    Object.fromEntries(
      [...fixedChains].map(([name, { component, modes, purposes }]) => [name, { component, modes, purposes }]),
    ),
  ).toEqual({
    "KUBE-EXTERNAL-SERVICES": {
      component: "kube-proxy",
      modes: ["iptables"],
      purposes: {
        filter: "rejects or drops external packets to service ports without usable endpoints",
      },
    },
    "KUBE-FIREWALL": {
      component: "kubelet",
      modes: ["iptables"],
      purposes: {
        filter: "blocks packets from other hosts to 127.0.0.0/8; the kubelet creates it too",
      },
    },
    "KUBE-FORWARD": {
      component: "kube-proxy",
      modes: ["iptables", "ipvs"],
      purposes: {
        filter: "accepts forwarded packets of Services, and drops those in conntrack state INVALID",
      },
    },
    "KUBE-IPVS-FILTER": {
      component: "kube-proxy",
      modes: ["ipvs"],
      purposes: {
        filter: "protects the host's own ports on service addresses that are bound to it",
      },
    },
    "KUBE-IPVS-OUT-FILTER": {
      component: "kube-proxy",
      modes: ["ipvs"],
      purposes: {
        filter: "blocks this node from load balancer IPs whose source ranges exclude it",
      },
    },
    "KUBE-KUBELET-CANARY": {
      component: "kubelet",
      modes: [],
      purposes: {
        filter: "has no rules: if it disappears, all rules were flushed",
        mangle: "has no rules: if it disappears, all rules were flushed",
        nat: "has no rules: if it disappears, all rules were flushed",
      },
    },
    "KUBE-LOAD-BALANCER": {
      component: "kube-proxy",
      modes: ["ipvs"],
      purposes: {
        nat: "marks packets to load balancer IPs for masquerade, unless the client IP is preserved",
      },
    },
    "KUBE-MARK-MASQ": {
      component: "kube-proxy",
      modes: ["iptables", "ipvs"],
      purposes: {
        nat: "marks packets that KUBE-POSTROUTING masquerades",
      },
    },
    "KUBE-NODE-PORT": {
      component: "kube-proxy",
      modes: ["ipvs"],
      purposes: {
        filter: "accepts health checks of load balancers",
        nat: "marks packets to node ports for masquerade, unless the client IP is preserved",
      },
    },
    "KUBE-NODEPORTS": {
      component: "kube-proxy",
      modes: ["iptables"],
      purposes: {
        filter: "accepts health checks of load balancers",
        nat: "matches packets to the node ports of this node",
      },
    },
    "KUBE-POSTROUTING": {
      component: "kube-proxy",
      modes: ["iptables", "ipvs"],
      purposes: {
        nat: "masquerades marked packets when they leave the node",
      },
    },
    "KUBE-PROXY-CANARY": {
      component: "kube-proxy",
      modes: ["iptables", "ipvs"],
      purposes: {
        filter: "has no rules: if it disappears, all rules were flushed",
        mangle: "has no rules: if it disappears, all rules were flushed",
        nat: "has no rules: if it disappears, all rules were flushed",
      },
    },
    "KUBE-PROXY-FIREWALL": {
      component: "kube-proxy",
      modes: ["iptables", "ipvs"],
      purposes: {
        filter: "drops packets to load balancer IPs that no source range has admitted",
      },
    },
    "KUBE-SERVICES": {
      component: "kube-proxy",
      modes: ["iptables", "ipvs"],
      purposes: {
        filter: "rejects or drops packets to cluster IPs without usable endpoints",
        nat: "matches packets to the address and port of a service port; node ports come last",
      },
    },
    "KUBE-SOURCE-RANGES-FIREWALL": {
      component: "kube-proxy",
      modes: ["ipvs"],
      purposes: {
        filter: "drops packets to load balancer IPs from outside the source ranges",
      },
    },
  });
});

it("every chain of a service port is for something", () => {
  expect(
    Object.entries(servicePortChainPurposes).map(([kind, purpose]) => `${kind}: it ${purpose("shop/web:http")}`),
  ).toEqual([
    "SVC: it balances traffic for shop/web:http over its endpoints in the cluster",
    "SVL: it balances traffic for shop/web:http over its endpoints on this node",
    "EXT: it handles external traffic for shop/web:http: node port, external IPs and load balancer IPs",
    "FW: it admits the source ranges to the load balancer IPs of shop/web:http",
    "SEP: it sends traffic to one endpoint of shop/web:http",
    "XLB: it handled external traffic for shop/web:http until Kubernetes 1.25",
  ]);
});

const own = "ULMVA6XW-shop/web/tcp/http";

it("every chain, set and map of nftables is for something", () => {
  const chains = [...fixedNames, ...["service", "local", "external", "firewall"].map((kind) => `${kind}-${own}`)];
  const names = [
    ...chains,
    `endpoint-${own}__10.0.1.5/8080`,
    `affinity-${own}__10.0.1.5/8080`,
    "other",
    `other-${own}`,
  ];
  const purposes = names.map((name) => [
    name,
    purposeOf({ kind: "chain", table: "ip kube-proxy", name }, undefined) ??
      purposeOf({ kind: "set", table: "ip6 kube-proxy", name }, undefined),
  ]);
  expect(Object.fromEntries(purposes)).toEqual({
    "affinity-ULMVA6XW-shop/web/tcp/http__10.0.1.5/8080":
      "the clients that session affinity keeps at one endpoint of shop/web:http",
    "cluster-ips": "the cluster IPs of all Services",
    "cluster-ips-check": "rejects packets to unused ports of cluster IPs",
    "endpoint-ULMVA6XW-shop/web/tcp/http__10.0.1.5/8080": "sends traffic to one endpoint of shop/web:http",
    "external-ULMVA6XW-shop/web/tcp/http":
      "handles external traffic for shop/web:http: node port, external IPs and load balancer IPs",
    "filter-forward":
      "refuses new connections to service ports without usable endpoints and to unused ports of cluster IPs, for forwarded packets",
    "filter-input": "refuses new connections to node ports without usable endpoints, for packets to the node itself",
    "filter-output":
      "refuses new connections to service ports without usable endpoints and to unused ports of cluster IPs, for packets of the node itself",
    "filter-output-pre-dnat":
      "checks the source ranges of load balancer IPs before DNAT, for packets of the node itself",
    "filter-prerouting-pre-dnat":
      "checks the source ranges of load balancer IPs before DNAT, for packets that arrive at the node",
    "firewall-ULMVA6XW-shop/web/tcp/http":
      "drops packets to the load balancer IPs of shop/web:http from outside the source ranges",
    "firewall-check": "sends packets to load balancer IPs with source ranges to the chain with these ranges",
    "firewall-ips": "load balancer IPs with source ranges, and the chain that checks the source",
    "hairpin-connections":
      "connections of endpoints of this node to themselves, through a Service: they are masqueraded",
    "local-ULMVA6XW-shop/web/tcp/http": "balances traffic for shop/web:http over its endpoints on this node",
    masquerading: "masquerades marked packets, and those of endpoints to themselves, when they leave the node",
    "nat-output": "sends new connections of the node itself to Services: DNAT",
    "nat-postrouting": "masquerades marked connections when they leave the node",
    "nat-prerouting": "sends new connections that arrive at the node to Services: DNAT",
    "no-endpoint-nodeports": "node ports without usable endpoints: their packets are rejected or dropped",
    "no-endpoint-services":
      "addresses of service ports without usable endpoints: their packets are rejected or dropped",
    "nodeport-endpoints-check": "rejects or drops packets to node ports without usable endpoints",
    "nodeport-ips": "the addresses of this node on which node ports answer",
    other: undefined,
    "other-ULMVA6XW-shop/web/tcp/http": undefined,
    "reject-chain": "rejects packets: elements of maps lead here",
    "service-ULMVA6XW-shop/web/tcp/http": "balances traffic for shop/web:http over its endpoints in the cluster",
    "service-endpoints-check": "rejects or drops packets to service ports without usable endpoints",
    "service-ips":
      "the addresses of all Services (cluster IPs, external IPs, load balancer IPs), and the chain for each",
    "service-nodeports": "the node ports of all Services, and the chain for each",
    services: "finds the Service of a packet: by address, protocol and port, or by node port",
  });
  expect(purposeOf({ kind: "chain", table: "ip filter", name: "services" }, undefined)).toBeUndefined();
});

const filled = [
  "iptables-restore --noflush --wait 5: fill our own chains",
  "iptables-restore --noflush --wait 5: lead traffic into them",
];

it.each<[ProgramId, readonly string[]]>([
  ["kube-proxy/iptables", filled],
  [
    "kube-proxy/ipvs",
    [
      "ipset restore -exist: make the sets that rules ask for",
      "ipvsadm -Sn: have the kernel load IPVS",
      "xargs ipvsadm: set the timeouts of connections",
      "sysctl -p -: set up the kernel for ipvs",
      ...filled,
      "ip link add kube-ipvs0 type dummy: make the device that carries service addresses",
    ],
  ],
  ["kube-proxy/nftables", ["nft -f -: make the table, in one transaction"]],
])("every step of %s says what it does", (id, expected) => {
  const program = programById(id);
  const plan: ForwardingPlan = {
    node: "node1",
    families: [{ family: "ipv4", settings: settings(), servicePorts: [], portsOf: () => [] }],
    traits: program.traits,
    localhostNodePorts: "off",
    ipvs: { scheduler: "rr", strictArp: true, timeouts: { tcp: 1, tcpFin: 2, udp: 3 }, excludeCidrs: [] },
  };
  const { steps } = program.lower(plan, { origins: false }, () => {});
  expect(steps.map(({ purpose, argv }) => `${argv.join(" ")}: ${purpose}`)).toEqual(expected);
});
