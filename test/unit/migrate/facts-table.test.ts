import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../../../src/model/proxy-configuration/proxy-configuration.ts";
import { caseDocuments, caseFolder, readCase } from "../../harness/golden-cases.ts";
import { changesOf, type Leaving, packetsOf } from "../../harness/migration.ts";

/** A golden case with other objects and settings, in one mode. */
interface Cluster {
  readonly of: string;
  readonly from: ProxyMode;
  readonly more?: readonly unknown[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

function readCluster({ of, from, more = [], settings = {} }: Cluster): [readonly unknown[], Leaving] {
  const [given = {}] = caseDocuments(of, "kube-proxy.yaml") as Record<string, unknown>[];
  const kind = { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration" };
  const { node } = readCase(caseFolder(of));
  return [[...caseDocuments(of), ...more], { from, node, proxyConfig: { ...kind, ...given, ...settings, mode: from } }];
}

const serviceCidr = {
  apiVersion: "networking.k8s.io/v1",
  kind: "ServiceCIDR",
  metadata: { name: "kubernetes" },
  spec: { cidrs: ["10.96.0.0/12"] },
};
const oldNode = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  status: {
    addresses: [{ type: "InternalIP", address: "192.0.2.10" }],
    nodeInfo: { kernelVersion: "5.10.0-28-amd64" },
  },
};

type Expected = readonly [code: string, level: string, packet?: string];

/** The lines of the table "what changes for traffic when leaving another mode", with packets that prove them. */
const lines: readonly (readonly [line: string, cluster: Cluster, expected: Expected])[] = [
  [
    "node ports by default: iptables",
    { of: "dempapp-wordpress", from: "iptables" },
    [
      "migrate-node-ports-primary-address",
      "access-lost",
      "tcp 198.51.100.7 -> 10.244.1.1:32327: 10.244.1.20:8080 33.3%, 10.244.2.21:8080 33.3%, 10.244.2.22:8080 33.3%, masqueraded => not handled",
    ],
  ],
  [
    "node ports by default: ipvs",
    { of: "dempapp-wordpress", from: "ipvs" },
    [
      "migrate-node-ports-primary-address",
      "access-lost",
      "tcp 198.51.100.7 -> 10.244.1.1:32047: 10.244.2.30:80, masqueraded => not handled",
    ],
  ],
  [
    "node ports on 127.0.0.1",
    { of: "loadbalancer-source-ranges", from: "iptables" },
    [
      "migrate-node-ports-loopback",
      "access-lost",
      "tcp 127.0.0.1 -> 127.0.0.1:30443: 10.0.2.6:8443, masqueraded => not handled",
    ],
  ],
  [
    "other ports of a cluster IP",
    { of: "service-python", from: "iptables" },
    ["migrate-unused-ports-rejected", "note", "tcp 198.51.100.7 -> 10.97.5.17:9: not handled => rejected"],
  ],
  [
    "other ports of an external IP",
    { of: "external-ips-cluster", from: "ipvs" },
    ["migrate-unused-ports-passed-on", "note", "tcp 198.51.100.7 -> 203.0.113.25:9: rejected => not handled"],
  ],
  [
    "unallocated addresses of a ServiceCIDR",
    { of: "service-python", from: "iptables", more: [serviceCidr] },
    ["migrate-unallocated-addresses", "note", "tcp 198.51.100.7 -> 10.111.255.255:9: not handled => dropped"],
  ],
  ["bound addresses", { of: "external-ips-cluster", from: "ipvs" }, ["migrate-bound-addresses", "attention"]],
  ["open connections", { of: "external-ips-cluster", from: "ipvs" }, ["migrate-ipvs-connections", "attention"]],
  [
    "policy Local without a local endpoint",
    { of: "nodeport-local-elsewhere", from: "ipvs" },
    [
      "migrate-local-policy-drops",
      "access-lost",
      "tcp 198.51.100.7 -> 192.0.2.10:30081: 10.0.2.6:8080 50%, 10.0.3.7:8080 50% => dropped",
    ],
  ],
  [
    "pods at a Local external address",
    { of: "external-ips-local", from: "ipvs" },
    [
      "migrate-local-policy-in-cluster",
      "note",
      "tcp 10.0.0.9 -> 203.0.113.25:25: 10.0.1.5:2525 => 10.0.1.5:2525 50%, 10.0.2.6:2525 50%",
    ],
  ],
  [
    "source ranges without endpoints",
    { of: "loadbalancer-no-endpoints", from: "iptables" },
    ["migrate-source-ranges", "attention", "tcp 0.0.0.9 -> 203.0.113.36:443: rejected => dropped"],
  ],
  [
    "source ranges and the node itself",
    { of: "ipvs-source-ranges-node", from: "ipvs" },
    [
      "migrate-source-ranges",
      "access-lost",
      "tcp 192.0.2.10 -> 203.0.113.100:443: 10.0.2.6:8443, masqueraded => dropped",
    ],
  ],
  ["choice of endpoint", { of: "ipvs-schedulers", from: "ipvs" }, ["migrate-scheduler", "attention"]],
  ["affinity scope", { of: "ipvs-affinity", from: "ipvs" }, ["migrate-affinity-scope", "note"]],
  ["affinity lists of ipvs", { of: "ipvs-affinity", from: "ipvs" }, ["migrate-affinity-restarts", "note"]],
  ["affinity lists of iptables", { of: "affinity-clientip", from: "iptables" }, ["migrate-affinity-restarts", "note"]],
  [
    "masquerade of cluster IPs",
    { of: "masquerade-all", from: "ipvs" },
    [
      "migrate-source-address",
      "attention",
      "tcp 10.0.0.9 -> 10.96.0.20:80: 10.0.1.5:8080 50%, 10.0.2.6:8080 50%, masqueraded => 10.0.1.5:8080 50%, 10.0.2.6:8080 50%",
    ],
  ],
  [
    "hairpin",
    { of: "external-ips-cluster", from: "iptables" },
    [
      "migrate-hairpin",
      "note",
      "tcp 10.0.2.6 -> 10.96.0.40:25: 10.0.1.5:2525 50%, 10.0.2.6:2525 50% masqueraded => 10.0.1.5:2525 50%, 10.0.2.6:2525 50%",
    ],
  ],
  [
    "INVALID packets",
    { of: "service-python", from: "iptables" },
    ["migrate-invalid-packets", "note", "tcp 198.51.100.7 -> 198.18.255.254:9: dropped => not handled"],
  ],
  ["kernel timeouts", { of: "ipvs-timeouts", from: "ipvs" }, ["migrate-ipvs-timeouts", "note"]],
  ["strictARP", { of: "ipvs-strict-arp", from: "ipvs" }, ["migrate-strict-arp", "note"]],
];

describe("leaving a mode", () => {
  it.each(lines)("%s", (_, cluster, [code, level, packet]) => {
    const { findings } = changesOf(...readCluster(cluster));
    const found = findings.find((each) => each.code === code && each.level === level);
    expect(findings.map((each) => `${each.code} ${each.level}`)).toContain(`${code} ${level}`);
    const { protocol, from, to, was, now } = found?.example ?? {};
    if (packet !== undefined) expect(`${protocol} ${from} -> ${to}: ${was} => ${now}`).toBe(packet);
  });

  it.each<[string, Cluster, string]>([
    ["ipvs has no node ports on 127.0.0.1", { of: "dempapp-wordpress", from: "ipvs" }, "migrate-node-ports-loopback"],
    [
      "nodePortAddresses that stay",
      { of: "nodeport-addresses-cidr", from: "ipvs" },
      "migrate-node-ports-primary-address",
    ],
    ["ipvs rejects unused ports", { of: "service-python", from: "ipvs" }, "migrate-unused-ports-rejected"],
    [
      "iptables drops by policy Local",
      { of: "nodeport-local-elsewhere", from: "iptables" },
      "migrate-local-policy-drops",
    ],
    [
      "iptables has the short circuit",
      { of: "external-ips-local", from: "iptables" },
      "migrate-local-policy-in-cluster",
    ],
    ["ipvs has no rule for INVALID", { of: "service-python", from: "ipvs" }, "migrate-invalid-packets"],
    ["tcpBeLiberal is set", { of: "conntrack-liberal", from: "iptables" }, "migrate-invalid-packets"],
    ["no ServiceCIDR", { of: "service-python", from: "iptables" }, "migrate-unallocated-addresses"],
    ["rr is as good as random", { of: "dempapp-wordpress", from: "ipvs" }, "migrate-scheduler"],
    ["a kernel that is unknown", { of: "service-python", from: "iptables" }, "migrate-kernel-too-old"],
    ["iptables binds no address", { of: "external-ips-cluster", from: "iptables" }, "migrate-bound-addresses"],
  ])("does not say what is not so: %s", (_, cluster, code) => {
    expect(changesOf(...readCluster(cluster)).findings.map((each) => each.code)).not.toContain(code);
  });

  it.each<[string, Cluster, string]>([
    ["the cluster IP", { of: "external-ips-cluster", from: "iptables" }, "10.96.0.40: untouched => rejected"],
    ["the external IP", { of: "external-ips-cluster", from: "ipvs" }, "203.0.113.25: rejected => untouched"],
  ])("pings to %s", (_, cluster, ping) => {
    const pings = packetsOf(...readCluster(cluster)).filter(({ destination }) => destination.protocol === "icmp");
    const ends = pings.map(({ destination, difference: { was, now } }) => {
      const [before, after] = [was, now].map(([part]) => part?.outcome.verdict.kind);
      return `${destination.address}: ${before} => ${after}`;
    });
    expect(ends).toContain(ping);
  });

  it("no endpoints: rejected in every mode", () => {
    const packets = packetsOf(...readCluster({ of: "endpoints-none", from: "ipvs" }));
    expect(
      packets.filter(({ service, destination }) => service !== undefined && destination.kind === "address"),
    ).toEqual([]);
  });

  it("kernels of Nodes", () => {
    const node = { from: "iptables", node: "node1" } as const;
    const [found] = changesOf([oldNode], node).findings;
    expect(found).toMatchObject({
      code: "migrate-kernel-too-old",
      level: "blocked",
      nodes: ["node1"],
      details: ["node1: 5.10.0-28-amd64"],
    });
  });

  it("every packet of every golden case has a known reason", () => {
    for (const of of [
      "detect-bridge",
      "detect-interface-prefix",
      "ipvs-sctp",
      "nodeport-localhost",
      "terminating-local",
    ]) {
      for (const from of ["iptables", "ipvs"] as const) {
        const codes = changesOf(...readCluster({ of, from })).findings.map(({ code }) => code);
        expect(codes, `${of} from ${from}`).not.toContain("migrate-other-traffic");
      }
    }
  });
});
