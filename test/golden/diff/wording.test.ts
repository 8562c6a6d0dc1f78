import { describe, expect, test } from "vitest";
import { diffSides } from "../../../src/diff/diff-sides.ts";
import type { Side } from "../../../src/diff/side.ts";
import type { TrafficDiff } from "../../../src/diff/traffic-diff.ts";
import { compiledSide, nodeOf, sideOf } from "../../harness/text-side.ts";

type Mode = "iptables" | "ipvs";

interface Spec {
  readonly portName?: string;
  readonly endpoints?: readonly string[];
  readonly [field: string]: unknown;
}

const nodes = ["node1", "node2"] as const;

function objectsOf({ portName = "http", endpoints = ["10.0.1.9", "10.0.2.9"], ...spec }: Spec): readonly object[] {
  const metadata = { namespace: "shop", name: "web" };
  return [
    ...nodes.map((name, at) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name },
      status: { addresses: [{ type: "InternalIP", address: `192.0.2.1${at}` }] },
    })),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { clusterIP: "10.96.0.10", ports: [{ name: portName, port: 80 }], ...spec },
      ...(spec.type === "LoadBalancer" ? { status: { loadBalancer: { ingress: [{ ip: "198.18.0.1" }] } } } : {}),
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ name: portName, port: 8080 }],
      endpoints: endpoints.map((address, at) => ({ addresses: [address], nodeName: nodes[at] })),
    },
  ];
}

/** Both nodes, each with pods of its own. */
function sideWith(name: string, spec: Spec, mode: Mode): Side {
  const proxyConfig = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clusterCIDR: "10.0.0.0/16",
  };
  const compiled = nodes.map((node, at) => {
    const side = compiledSide(name, objectsOf(spec), { node, mode, proxyConfig });
    const world = { nodeAddresses: [`192.0.2.1${at}`], podRanges: [`10.0.${at + 1}.0/24`] };
    return { ...side.nodes[0]!, name: node, world };
  });
  return sideOf(name, compiled);
}

function diff(base: Spec, head: Spec, mode: Mode, toMode: Mode = mode): TrafficDiff {
  return diffSides(sideWith("base", base, mode), sideWith("head", head, toMode));
}

function told({ changes }: TrafficDiff): readonly string[] {
  return changes.map(({ severity, vip, headline, nodes: on }) => `${severity} ${vip}: ${headline} (${on.join()})`);
}

const balancer = { type: "LoadBalancer", ports: [{ name: "http", port: 80, nodePort: 30_080 }] };
const both = "(node1,node2)";

describe.each(["iptables", "ipvs"] as const)("in %s mode", (mode) => {
  test("nodes whose own pods differ are one entry, and classes have short names", () => {
    const { changes } = diff({}, { endpoints: ["10.0.1.9"] }, mode);
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ vip: "10.96.0.10:80/TCP", nodes, headline: "endpoints 2 -> 1" });
    expect(changes[0]?.before.map(({ from }) => from)).toEqual(
      mode === "iptables"
        ? ["sources outside this node except 10.0.0.0/16 and the node itself", "10.0.0.0/16 and pods of this node"]
        : ["sources outside this node except 10.0.0.0/16 and the node itself", "10.0.0.0/16 and pods of this node"],
    );
  });

  test("sources that are kept out or let in are named, and no endpoint comes or goes", () => {
    const from = (range: string): Spec => ({ ...balancer, loadBalancerSourceRanges: [range] });
    const [wide, narrow] = [from("203.0.113.0/24"), from("203.0.113.0/25")];
    const [less, more] = [diff(wide, narrow, mode), diff(narrow, wide, mode)];
    expect(told(less)).toEqual([`access-lost 198.18.0.1:80/TCP: now dropped from 203.0.113.128/25 ${both}`]);
    expect(told(more)).toEqual([`access-widened 198.18.0.1:80/TCP: 2 endpoints now open to 203.0.113.128/25 ${both}`]);
    for (const { changes } of [less, more]) expect(changes[0]?.endpoints).toEqual({ added: [], removed: [] });
  });

  test("a port that comes, and one that goes, are said so where unused ports are refused", () => {
    const second = { name: "http", port: 81 };
    const one = { ports: [{ name: "http", port: 80 }] };
    const two = { ports: [second] };
    const { changes } = diff(one, two, mode);
    expect(changes.map(({ kind, vip, headline }) => `${kind} ${vip}: ${headline}`)).toEqual([
      "added 10.96.0.10:81/TCP: opens, 2 endpoints",
      "removed 10.96.0.10:80/TCP: closes",
    ]);
  });

  test("a node port without endpoints is not said to open", () => {
    const spec = { endpoints: [] };
    const { changes } = diff({ ...spec }, { ...spec, ...balancer, type: "NodePort" }, mode);
    const [change] = changes.filter(({ vip }) => vip === "nodePort 30080/TCP");
    expect(change).toMatchObject({ kind: "added", nodes });
    expect(change?.headline).toMatch(/^new, rejected/);
  });

  test("a renamed port with affinity forgets its clients where lists are named after it", () => {
    const spec = { sessionAffinity: "ClientIP" };
    const { changes } = diff(spec, { ...spec, portName: "web", ports: [{ name: "web", port: 80 }] }, mode);
    if (mode === "ipvs") expect(changes).toEqual([]);
    else {
      expect(changes).toHaveLength(1);
      expect(changes[0]).toMatchObject({
        severity: "affinity",
        headline: "session affinity is reset once",
        endpoints: { added: [], removed: [] },
        nodes,
      });
      expect(changes[0]?.examplePacket.from).not.toMatch(/^10\.0\.[12]\.9$/);
    }
  });
});

test("affinity of the same length is the same in both modes", () => {
  const { changes } = diff({ sessionAffinity: "ClientIP" }, { sessionAffinity: "ClientIP" }, "iptables", "ipvs");
  expect(changes.filter(({ severity }) => severity === "load-distribution" || severity === "affinity")).toEqual([]);
});

describe("text of any origin", () => {
  const diffRules = (base: string, head: string) => {
    const side = (name: string, rules: string) => sideOf(name, [nodeOf("n", { rules: `${rules}\nCOMMIT\n` })]);
    return told(diffSides(side("a", base), side("b", head)));
  };
  const to = "-d 10.0.0.1/32 -p tcp -m tcp --dport 80";

  test("another way to refuse is no matter of source addresses", () => {
    const rule = (target: string) => `*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD ${to} -j ${target}`;
    expect(diffRules(rule("REJECT --reject-with icmp-port-unreachable"), rule("DROP"))).toEqual([
      "load-distribution 10.0.0.1:80/TCP: rejected -> dropped (n)",
    ]);
  });

  test("an answer that nobody knows, and that changes the source alone, is no access lost", () => {
    const rules = (masquerade: string) => `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING ${to} -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.1.0.1:80
-A PREROUTING ${to} -j DNAT --to-destination 10.1.0.2:80
${masquerade}`;
    const [open, plain] = [rules("-A POSTROUTING -d 10.1.0.0/24 ! -o docker0 -j MASQUERADE"), rules("")];
    const depending = (headline: string) => `source-address 10.0.0.1:80/TCP: ${headline} (n)`;
    expect(diffRules(open, plain)).toContain(depending("client IP is now preserved"));
    expect(diffRules(plain, open)).toContain(depending("client IP is no longer preserved (SNAT to the node's IP)"));
    for (const text of [...diffRules(open, plain), ...diffRules(plain, open)]) expect(text).toMatch(/^source-address/);
  });

  test("a share that leaks is said to go on untouched", () => {
    const rule = (chance: string) =>
      `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING ${to}${chance} -j DNAT --to-destination 10.1.0.1:80`;
    const leaking = rule(" -m statistic --mode random --probability 0.50000000000");
    expect(diffRules(rule(""), leaking)).toEqual(["access-lost 10.0.0.1:80/TCP: partly not handled (n)"]);
    expect(diffRules(leaking, rule(""))).toEqual(["access-widened 10.0.0.1:80/TCP: served more often (n)"]);
  });
});
