import { describe, expect, it } from "vitest";
import type { Code } from "../../../src/diagnostics/catalog.ts";
import type { Diagnostic } from "../../../src/diagnostics/diagnostic.ts";
import type { ProxyMode } from "../../../src/model/proxy-configuration/proxy-configuration.ts";
import { node, replaced, service, slice } from "../../harness/cluster-text.ts";
import { findInState } from "../../harness/find-faults.ts";

const join = (...texts: readonly string[]): string => texts.join("---\n");
const withSpec = (lines: string): string => `${service}${lines}`;
const withConfig = (lines: string): string =>
  join(node, service, slice, `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${lines}`);
const second = replaced(replaced(node, "node1", "node2"), "192.0.2.10", "192.0.2.11");
const selecting = withSpec("  selector: {app: web}\n");
const named = replaced(selecting, "- port: 80\n", "- port: 80\n    targetPort: http\n");
const balanced = replaced(service, "type: NodePort", "type: LoadBalancer");
const ranged = `${balanced}  loadBalancerSourceRanges: [198.51.100.0/24]\n`;
const hinted = (zones: string, more = ""): string =>
  replaced(slice, "  nodeName: node1\n", `  nodeName: node1\n  hints: {forZones: [{name: ${zones}}]}\n${more}`);
const zoned = replaced(node, "name: node1", "name: node1\n  labels: {topology.kubernetes.io/zone: zone-a}");
const api = replaced(replaced(service, "name: web", "name: api"), "10.96.0.10", "10.96.0.11");
const apiInside = replaced(replaced(api, "    nodePort: 30080\n", ""), "type: NodePort", "type: ClusterIP");
const outside = (ip: string, port: number): string =>
  `${replaced(apiInside, "port: 80", `port: ${port}`)}  externalIPs: [${ip}]\n`;

const published = `${balanced}status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}}\n`;
const withPods = (text: string): string => replaced(text, "status:\n", "spec: {podCIDRs: [10.0.1.0/24]}\nstatus:\n");
const guarded = (ranges: string): string =>
  replaced(published, "status: {load", `  loadBalancerSourceRanges: [${ranges}]\nstatus: {load`);
const annotated = (annotation: string, text = published): string =>
  replaced(text, "  name: web\n", `  name: web\n  annotations: {${annotation}}\n`);
const proxied = 'service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol: "true"';
const worker = (container: string, ports: string): string =>
  replaced(
    replaced(deployment("app: web", ports), "{name: web, namespace", "{name: worker, namespace"),
    "{name: web, p",
    `{name: ${container}, p`,
  );
const numbered = replaced(selecting, "- port: 80\n", "- port: 80\n    targetPort: 8080\n");
const sticky = withSpec("  sessionAffinity: ClientIP\n");
const two = replaced(slice, "- addresses: [10.0.1.5]\n", "- addresses: [10.0.1.6]\n- addresses: [10.0.1.5]\n");
const twoOfApi = replaced(replaced(two, "name: web-x1", "name: api-x1"), "service-name: web", "service-name: api");
const elsewhere = replaced(slice, "nodeName: node1", "nodeName: ip-192-0-2-10.ec2.internal");

function deployment(labels: string, ports: string, more = ""): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {${labels}}}
    spec:
      containers: [{name: web, ports: [${ports}]}]
${more}`;
}

const probed = replaced(
  deployment("app: web", "{containerPort: 80}"),
  "[{name: web,",
  "[{name: web, readinessProbe: {tcpSocket: {port: 8080}},",
);

/** A Pod with an owner. */
function owned(name: string, owner: string, container: string): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: shop
  labels: {app: web, pod-template-hash: ${name}}
  ownerReferences: [{controller: true, apiVersion: v1, ${owner}}]
spec:
  containers: [{name: ${container}}]
`;
}

const replicaSets = [
  owned("5d8", "kind: ReplicaSet, name: web-5d8", "old"),
  owned("6c9", "kind: ReplicaSet, name: web-6c9", "new"),
];
const staticPods = [owned("a", "kind: Node, name: node1", "api"), owned("b", "kind: Node, name: node2", "api")];

interface Example {
  readonly has: string;
  /** Nearly the same, and fine. */
  readonly hasNot: string;
  readonly mode?: ProxyMode;
}

/** A Pod of node1 with these ports; `more` are fields of its spec. */
function hostPod(name: string, ports: string, { start = 0, more = "", ips = "{ip: 10.0.1.9}" } = {}): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop}
spec: {nodeName: node1, containers: [{name: main, ports: [${ports}]}]${more}}
status: {phase: Running, startTime: "2026-11-20T10:00:0${start}Z", podIPs: [${ips}]}
`;
}

const mapped = "{containerPort: 80, hostPort: 8080}";
const onHost = ", hostNetwork: true";
const twoIps = { ips: "{ip: 10.0.1.9}, {ip: 'fd00::9'}" };
const hostIp = (ip: string): string => `{containerPort: 80, hostPort: 8080, hostIP: ${ip}}`;
const sidecar = (list: string): string => `, ${list}: [{name: proxy, restartPolicy: Always, ports: [${mapped}]}]`;
const outsideRanged = (ip: string): string =>
  `${replaced(replaced(ranged, "- port: 80", "- port: 8080"), "    nodePort: 30080\n", "")}status: {loadBalancer: {ingress: [{ip: ${ip}}]}}\n`;

const examples: Partial<Record<Code, Example>> = {
  "external-ip-hides-node-port": {
    has: join(node, service, slice, outside("192.0.2.10", 30080)),
    hasNot: join(node, service, slice, outside("203.0.113.10", 30080)),
  },
  "external-ip-hides-host-port": {
    has: join(node, slice, outside("192.0.2.10", 10250)),
    hasNot: join(node, slice, outside("192.0.2.10", 10251)),
  },
  "node-address-bound": {
    has: join(node, second, slice, outside("192.0.2.11", 443)),
    hasNot: join(node, slice, outside("192.0.2.10", 443)),
    mode: "ipvs",
  },
  "node-address-served": {
    has: join(node, second, slice, outside("192.0.2.11", 443)),
    hasNot: join(node, second, slice, outside("192.0.2.12", 443)),
  },
  "source-ranges-without-cluster": {
    has: join(withPods(node), guarded("198.51.100.0/24"), slice),
    hasNot: join(withPods(node), guarded("198.51.100.0/24, 10.0.0.0/8, 192.0.2.0/24"), slice),
  },
  "source-ranges-without-some": {
    has: join(node, second, guarded("192.0.2.10/32"), slice),
    hasNot: join(node, second, guarded("192.0.2.10/31"), slice),
  },
  "load-balancer-bypassed": {
    has: join(node, annotated(proxied), slice),
    hasNot: join(node, replaced(annotated(proxied), "ip: 203.0.113.9", "ip: 203.0.113.9, ipMode: Proxy"), slice),
  },
  "selector-matches-others": {
    has: join(node, numbered, deployment("app: web", "{containerPort: 8080}"), worker("web", "")),
    hasNot: join(
      node,
      numbered,
      deployment("app: web", "{containerPort: 8080}"),
      worker("web", "{containerPort: 8080}"),
    ),
  },
  "selector-matches-programs": {
    has: join(node, numbered, deployment("app: web", ""), worker("batch", "")),
    hasNot: join(node, numbered, deployment("app: web", ""), worker("web", "")),
  },
  "selector-matches-variants": {
    has: join(node, numbered, deployment("app: web", ""), worker("web", "")),
    hasNot: join(node, numbered, deployment("app: web", ""), replaced(worker("web", ""), "app: web", "app: worker")),
  },
  "target-port-undeclared": {
    has: join(node, numbered, deployment("app: web", "{containerPort: 80}")),
    hasNot: join(node, numbered, deployment("app: web", "{containerPort: 80}, {containerPort: 8080}")),
  },
  "endpoint-node-unknown": { has: join(node, service, elsewhere), hasNot: join(node, service, slice) },
  "affinity-per-node": {
    has: join(node, replaced(published, "status: {load", "  sessionAffinity: ClientIP\nstatus: {load"), two),
    hasNot: join(node, sticky, two),
  },
  "affinity-differs": {
    has: join(node, sticky, two, apiInside, twoOfApi),
    hasNot: join(node, sticky, two, `${apiInside}  sessionAffinity: ClientIP\n`, twoOfApi),
  },
  "host-port-shared": {
    has: join(node, service, slice, deployment("app: x", "{containerPort: 80, hostPort: 30080}")),
    hasNot: join(node, service, slice, deployment("app: x", "{containerPort: 80, hostPort: 30080, protocol: UDP}")),
  },
  "host-port-taken": {
    has: join(node, hostPod("a", mapped, { start: 1 }), hostPod("b", mapped)),
    hasNot: join(node, hostPod("a", hostIp("192.0.2.10")), hostPod("b", hostIp("127.0.0.1"))),
  },
  "host-port-host-network": {
    has: join(node, hostPod("a", mapped), hostPod("b", "{containerPort: 8080}", { more: onHost })),
    hasNot: join(node, hostPod("a", mapped), hostPod("b", "{containerPort: 8080, protocol: UDP}", { more: onHost })),
  },
  "host-port-sidecar-unmapped": {
    has: join(node, hostPod("a", "", { more: sidecar("initContainers") })),
    hasNot: join(node, hostPod("a", mapped)),
  },
  "host-port-in-node-port-range": {
    has: join(node, hostPod("a", "{containerPort: 80, hostPort: 32767}")),
    hasNot: join(node, hostPod("a", "{containerPort: 80, hostPort: 32768}")),
  },
  "host-port-on-node-address-service": {
    has: join(node, outside("192.0.2.10", 8080), hostPod("a", mapped)),
    hasNot: join(node, outside("192.0.2.99", 8080), hostPod("a", mapped)),
  },
  "host-port-behind-source-ranges": {
    has: join(node, outsideRanged("192.0.2.10"), hostPod("a", mapped)),
    hasNot: join(node, outsideRanged("203.0.113.9"), hostPod("a", mapped)),
  },
  "host-port-captures-cluster-ips": {
    mode: "ipvs",
    has: join(node, service, slice, hostPod("a", mapped)),
    hasNot: join(node, service, slice, hostPod("a", "{containerPort: 80, hostPort: 80}")),
  },
  "host-ip-invalid": {
    has: join(node, hostPod("a", hostIp("node1.example"))),
    hasNot: join(node, hostPod("a", hostIp("192.0.2.10"))),
  },
  "host-ip-family": {
    has: join(node, hostPod("a", hostIp("0.0.0.0"), twoIps)),
    hasNot: join(node, hostPod("a", hostIp("0.0.0.0"))),
  },
  "host-ip-not-on-node": {
    has: join(node, hostPod("a", hostIp("192.0.2.99"))),
    hasNot: join(node, hostPod("a", hostIp("127.0.0.1"))),
  },
  "source-ranges-bypassed": {
    has: join(node, ranged, slice),
    hasNot: join(node, replaced(ranged, "    nodePort: 30080\n", ""), slice),
  },
  "selector-matches-nothing": {
    has: join(node, selecting, deployment("app: api", "")),
    hasNot: join(node, selecting, deployment("app: web, tier: front", "")),
  },
  "target-port-unknown": {
    has: join(node, named, deployment("app: web", "{name: https, containerPort: 443}")),
    hasNot: join(
      node,
      named,
      deployment("app: web", "{name: https, containerPort: 443}, {name: http, containerPort: 80}"),
    ),
  },
  "service-without-endpoints": {
    has: join(node, service, api, slice).replace("30080", "30081"),
    hasNot: join(node, service, slice),
  },
  "endpoints-all-unready": {
    has: join(node, service, replaced(slice, "  nodeName: node1\n", "  conditions: {ready: false}\n")),
    hasNot: join(
      node,
      service,
      replaced(slice, "  nodeName: node1\n", "  conditions: {ready: false, serving: true, terminating: true}\n"),
    ),
  },
  "not-ready-addresses-published": {
    has: join(node, withSpec("  publishNotReadyAddresses: true\n"), slice),
    hasNot: join(node, withSpec("  publishNotReadyAddresses: false\n"), slice),
  },
  "internal-local-without-endpoint": {
    has: join(node, second, withSpec("  internalTrafficPolicy: Local\n"), slice),
    hasNot: join(node, withSpec("  internalTrafficPolicy: Local\n"), slice),
  },
  "external-local-without-endpoint": {
    has: join(node, second, withSpec("  externalTrafficPolicy: Local\n"), slice),
    hasNot: join(node, second, `${balanced}  externalTrafficPolicy: Local\n  healthCheckNodePort: 30081\n`, slice),
  },
  "local-policy-without-node-names": {
    has: join(node, withSpec("  internalTrafficPolicy: Local\n"), replaced(slice, "  nodeName: node1\n", "")),
    hasNot: join(node, service, replaced(slice, "  nodeName: node1\n", "")),
  },
  "hints-incomplete": {
    has: join(zoned, service, hinted("zone-a", "- addresses: [10.0.1.6]\n")),
    hasNot: join(zoned, service, hinted("zone-a", "- addresses: [10.0.1.6]\n  conditions: {ready: false}\n")),
  },
  "node-without-zone": { has: join(node, service, hinted("zone-a")), hasNot: join(zoned, service, hinted("zone-a")) },
  "zone-without-hints": { has: join(zoned, service, hinted("zone-b")), hasNot: join(zoned, service, hinted("zone-a")) },
  "distribution-without-hints": {
    has: join(zoned, withSpec("  trafficDistribution: PreferSameZone\n"), slice),
    hasNot: join(zoned, withSpec("  trafficDistribution: PreferSameZone\n"), hinted("zone-a")),
  },
  "affinity-client-limit": {
    has: join(node, withSpec("  sessionAffinity: ClientIP\n"), slice),
    hasNot: join(node, withSpec("  sessionAffinity: None\n"), slice),
  },
  "external-ips-deprecated": {
    has: join(node, withSpec("  externalIPs: [203.0.113.9]\n"), slice),
    hasNot: join(node, withSpec("  externalIPs: []\n"), slice),
  },
  "proxy-mode-deprecated": { has: withConfig("mode: ipvs\n"), hasNot: withConfig("mode: iptables\n") },
  "proxy-mode-default-changes": { has: withConfig("masqueradeAll: true\n"), hasNot: withConfig("mode: iptables\n") },
  "endpoints-deprecated": {
    has: join(
      node,
      service,
      "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: shop}\n" +
        "subsets: [{addresses: [{ip: 10.0.1.5}], ports: [{port: 8080}]}]\n",
    ),
    hasNot: join(
      node,
      service,
      slice,
      "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: shop}\n" +
        "subsets: [{addresses: [{ip: 10.0.1.5}], ports: [{port: 8080}]}]\n",
    ),
  },
  "service-field-deprecated": {
    has: join(node, withSpec("  trafficDistribution: PreferClose\n"), hinted("zone-a")),
    hasNot: join(node, withSpec("  trafficDistribution: PreferSameZone\n"), hinted("zone-a")),
  },
  "rules-per-packet": { has: join(node, ...services(1000)), hasNot: join(node, ...services(500)) },
  "vip-shared": {
    has: join(node, withSpec("  externalIPs: [203.0.113.9]\n"), slice, outside("203.0.113.9", 80)),
    hasNot: join(node, withSpec("  externalIPs: [203.0.113.9]\n"), slice, outside("203.0.113.9", 81)),
  },
  "virtual-server-shared": {
    has: join(node, service, slice, outside("192.0.2.10", 30080)),
    hasNot: join(node, service, slice, outside("192.0.2.10", 30081)),
    mode: "ipvs",
  },
};

function services(count: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => {
    const name = `web-${number}`;
    const ip = `10.96.${Math.floor(number / 250)}.${(number % 250) + 1}`;
    const one = replaced(replaced(service, "name: web", `name: ${name}`), "10.96.0.10", ip);
    const plain = replaced(replaced(one, "    nodePort: 30080\n", ""), "type: NodePort", "type: ClusterIP");
    return join(
      plain,
      replaced(replaced(slice, "name: web-x1", `name: ${name}`), "service-name: web", `service-name: ${name}`),
    );
  });
}

describe("a rule about cluster state", () => {
  it.each(Object.entries(examples))("%s", (code, { has, hasNot, mode }) => {
    const found = findInState(has, mode).filter((finding) => finding.code === code);
    expect(found.length).toBeGreaterThan(0);
    for (const { object } of found) expect(object).toBeDefined();
    expect(findInState(hasNot, mode).map((finding) => finding.code)).not.toContain(code);
  });

  it.each<[string, string, Partial<Diagnostic>]>([
    [
      "the Node that is meant, by its address in the name",
      join(node, service, elsewhere),
      {
        code: "endpoint-node-unknown",
        object: "EndpointSlice shop/web-x1",
        field: "endpoints[0].nodeName",
        message:
          "no Node is named ip-192-0-2-10.ec2.internal: every node takes endpoint 10.0.1.5 for one of another node",
        hint: expect.stringContaining("did you mean node1 (192.0.2.10 is its address)?"),
      },
    ],
    [
      "the Node that is meant, by its pod range",
      join(withPods(node), withSpec("  internalTrafficPolicy: Local\n"), replaced(elsewhere, "ip-192-0-2-10", "x")),
      {
        code: "endpoint-node-unknown",
        message: expect.stringContaining(", and internalTrafficPolicy Local drops its traffic"),
        hint: expect.stringContaining("did you mean node1 (10.0.1.5 is in its pod range)?"),
      },
    ],
    [
      "the Node that is meant, by its host name",
      join(
        `${node}  - {type: InternalDNS, address: a.example}\n`,
        service,
        replaced(elsewhere, "ip-192-0-2-10.ec2.internal", "a.example"),
      ),
      { hint: expect.stringContaining("did you mean node1 (it is its host name)?") },
    ],
    [
      "the Node that is meant, by the first label",
      join(node, service, replaced(elsewhere, "ip-192-0-2-10.ec2.internal", "node1.example")),
      { hint: expect.stringContaining("did you mean node1?") },
    ],
    [
      "which nodes the ranges leave out",
      join(node, second, guarded("192.0.2.10/32"), slice),
      { code: "source-ranges-without-some", message: expect.stringContaining("but not Node node2 (192.0.2.11)") },
    ],
    [
      "who is left out",
      join(withPods(node), guarded("198.51.100.0/24"), slice),
      { code: "source-ranges-without-cluster", message: expect.stringContaining("pods and nodes of the cluster") },
    ],
    [
      "that the policy of the load balancer is TLS",
      join(node, annotated('"service.beta.kubernetes.io/do-loadbalancer-protocol": http2'), slice),
      { code: "load-balancer-bypassed", message: expect.stringContaining("its TLS termination") },
    ],
    [
      "the workload without the port",
      examples["selector-matches-others"]?.has as string,
      { message: expect.stringContaining("but Deployment shop/worker has no port 8080") },
    ],
    [
      "that a Node without a zone prevents hints",
      join(node, annotated("service.kubernetes.io/topology-mode: Auto", service), slice),
      { code: "distribution-without-hints", hint: expect.stringContaining("label Node node1 with") },
    ],
    [
      "that one zone needs no hints",
      join(zoned, annotated("service.kubernetes.io/topology-mode: Auto", service), slice),
      { hint: expect.stringContaining("in one zone only") },
    ],
    [
      "that there are fewer endpoints than zones",
      join(
        zoned,
        replaced(replaced(zoned, "node1", "node2"), "zone-a", "zone-b"),
        annotated("service.kubernetes.io/topology-mode: Auto", service),
        slice,
      ),
      { hint: expect.stringContaining("run at least 2 endpoints") },
    ],
  ])("tells %s", (_, text, finding) => {
    expect(findInState(text)).toContainEqual(expect.objectContaining(finding));
  });

  it.each<[string, string, Code]>([
    [
      "a node whose only endpoint has a name that no Node has",
      join(withPods(node), withSpec("  internalTrafficPolicy: Local\n"), replaced(elsewhere, "ip-192-0-2-10", "x")),
      "internal-local-without-endpoint",
    ],
    [
      "endpoints of Nodes that were not given",
      join(
        node,
        service,
        replaced(slice, "  nodeName: node1\n", "  nodeName: node1\n- addresses: [10.0.2.5]\n  nodeName: a7\n"),
      ),
      "endpoint-node-unknown",
    ],
    [
      "ranges without endpoints to protect",
      join(withPods(node), guarded("198.51.100.0/24")),
      "source-ranges-without-cluster",
    ],
    [
      "TLS that passes the load balancer",
      join(node, annotated('service.beta.kubernetes.io/do-loadbalancer-protocol: "tcp"'), slice),
      "load-balancer-bypassed",
    ],
    ["a port that a probe connects to", join(node, numbered, probed), "target-port-undeclared"],
    ["ReplicaSets of one Deployment", join(node, numbered, ...replicaSets), "selector-matches-programs"],
    ["ReplicaSets of one Deployment, alike", join(node, numbered, ...replicaSets), "selector-matches-variants"],
    ["static pods of several nodes", join(node, numbered, ...staticPods), "selector-matches-variants"],
    [
      "one endpoint, at which every client stays",
      join(node, replaced(published, "status: {load", "  sessionAffinity: ClientIP\nstatus: {load"), slice),
      "affinity-per-node",
    ],
  ])("finds no fault in %s", (_, text, code) => {
    expect(findInState(text).map((finding) => finding.code)).not.toContain(code);
  });

  it("says of each fault only once", () => {
    const codes = (text: string, mode?: ProxyMode): readonly string[] =>
      findInState(text, mode).map(({ code }) => code);
    const shared = examples["vip-shared"]?.has as string;
    expect(codes(shared, "ipvs")).toContain("virtual-server-shared");
    expect(codes(shared, "ipvs")).not.toContain("vip-shared");
    const unmatched = examples["selector-matches-nothing"]?.has as string;
    expect(codes(join(unmatched, replaced(slice, "service-name: web", "service-name: other")))).not.toContain(
      "service-without-endpoints",
    );
  });

  it("finds the one port of a Service that has no endpoints", () => {
    const ports = "  - port: 80\n    nodePort: 30080\n";
    const two = replaced(service, ports, "  - {name: http, port: 80}\n  - {name: ssh, port: 22}\n");
    const [found, ...more] = findInState(
      join(node, two, replaced(slice, "- port: 8080", "- {name: http, port: 8080}")).replace("NodePort", "ClusterIP"),
    );
    expect(found).toMatchObject({ code: "service-without-endpoints", field: "spec.ports[1]" });
    expect(more).toEqual([]);
  });

  it("finds nothing in a cluster without faults, nor in manifests that were never applied", () => {
    expect(findInState(join(node, service, slice))).toEqual([]);
    const unapplied = replaced(replaced(selecting, "  clusterIP: 10.96.0.10\n", ""), "    nodePort: 30080\n", "");
    expect(findInState(join(unapplied, deployment("app: web", "")))).toEqual([]);
  });

  it("names the nodes it holds for", () => {
    const [found] = findInState(examples["internal-local-without-endpoint"]?.has as string);
    expect(found).toMatchObject({ nodes: ["node2"], field: "spec.internalTrafficPolicy", object: "Service shop/web" });
  });

  it("does not speak of Services whose slices have errors", () => {
    const broken = replaced(slice, "10.0.1.5", "10.0.1.500");
    expect(findInState(join(node, service, slice.replace("web-x1", "web-x2"), broken)).map(({ code }) => code)).toEqual(
      ["ip-invalid"],
    );
  });

  it("says what would have matched", () => {
    const hint = (text: string, code: Code): string | undefined => findInState(text).find((d) => d.code === code)?.hint;
    expect(hint(join(node, selecting, deployment("app: wbe", "")), "selector-matches-nothing")).toBe(
      "Deployment shop/web has app=wbe",
    );
    const typo = join(node, named, deployment("app: web", "{name: htp, containerPort: 80}"));
    expect(hint(typo, "target-port-unknown")).toBe("did you mean htp?");
    const udp = join(node, named, deployment("app: web", "{name: http, containerPort: 80, protocol: UDP}"));
    expect(hint(udp, "target-port-unknown")).toBe("the port of that name is a UDP port");
  });
});
