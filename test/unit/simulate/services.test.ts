import { describe, expect, it } from "vitest";
import { parseCidr } from "../../../src/model/address.ts";
import { service, simulated, workload } from "../../harness/simulate.ts";

const specOf = (spec: object) => simulated([service("web", spec)]).of("Service")[0].spec;
const cidr = (text: string) => parseCidr(text) as NonNullable<ReturnType<typeof parseCidr>>;

describe("simulated Services", () => {
  it("get cluster IPs of the families their policy asks for", () => {
    expect(specOf({}).ipFamilies).toEqual(["IPv4"]);
    expect(specOf({ ipFamilyPolicy: "PreferDualStack" }).ipFamilies).toEqual(["IPv4", "IPv6"]);
    expect(specOf({ ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] }).ipFamilies).toEqual(["IPv6", "IPv4"]);
    expect(specOf({ ipFamilies: ["IPv6"] }).clusterIP).toMatch(/^fd00:10:96::/);
    expect(specOf({ clusterIP: "10.1.2.3" }).clusterIPs).toBeUndefined();
  });

  it("share a node port among ports of one number, and get one for health checks", () => {
    const ports = [
      { name: "udp", port: 53, protocol: "UDP" },
      { name: "tcp", port: 53 },
      { name: "web", port: 80 },
    ];
    const spec = specOf({ type: "LoadBalancer", externalTrafficPolicy: "Local", ports });
    const [udp, tcp, web] = spec.ports.map(({ nodePort }: { nodePort: number }) => nodePort);
    expect(udp).toBe(tcp);
    expect(new Set([udp, web, spec.healthCheckNodePort]).size).toBe(3);
    const none = specOf({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false });
    expect(none.ports[0].nodePort).toBeUndefined();
  });

  it("get the load balancer address they ask for, and none while one is pending", () => {
    const asked = simulated([service("web", { type: "LoadBalancer", loadBalancerIP: "192.0.2.7" })]).of("Service")[0];
    expect(asked.status.loadBalancer.ingress).toEqual([{ ip: "192.0.2.7", ipMode: "VIP" }]);
    const pending = { ...service("web", { type: "LoadBalancer" }), status: { loadBalancer: {} } };
    expect(simulated([pending]).of("Service")[0].status.loadBalancer).toEqual({});
  });

  it("name what is invented of them", () => {
    const [object] = simulated([service("web", { type: "NodePort", clusterIP: "10.1.2.3" })]).of("Service");
    expect(object.metadata.annotations).toEqual({ "portolan/simulated": "spec.ports[0].nodePort" });
  });

  it("are warned of ranges that have addresses in common", () => {
    const overlaps = (options: object) => simulated([], options).diagnostics.map(({ code }) => code);
    expect(overlaps({})).toEqual([]);
    expect(overlaps({ podCidrs: [cidr("10.0.0.0/8")] })).toEqual(["simulate-ranges-overlap"]);
    expect(overlaps({ serviceCidrs: [cidr("10.244.1.0/24")] })).toEqual(["simulate-ranges-overlap"]);
    expect(overlaps({ serviceCidrs: [cidr("198.16.0.0/14")] })).toHaveLength(2);
    expect(overlaps({ serviceCidrs: [cidr("fd00:20::/112")] })).toEqual([]);
  });

  it("are refused where a range has no room, or is not there", () => {
    const many = Array.from({ length: 8 }, (_, index) => service(`web-${index}`));
    const full = simulated(many, { serviceCidrs: [cidr("10.0.0.0/29")] });
    // Six addresses, one of them the API server's own.
    expect(full.diagnostics.map(({ code }) => code)).toEqual([
      "simulate-range-full",
      "simulate-range-full",
      "simulate-range-full",
    ]);
    const single = simulated([service("web", { ipFamilyPolicy: "RequireDualStack" })], {
      serviceCidrs: [cidr("10.0.0.0/24")],
    });
    expect(single.diagnostics.map(({ code }) => code)).toEqual(["simulate-no-range"]);
  });
});

describe("simulated pods", () => {
  const nodes = (extra: object) => [
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "a", labels: { disk: "ssd" } },
      spec: { podCIDR: "10.9.0.0/24" },
    },
    { apiVersion: "v1", kind: "Node", metadata: { name: "b" }, spec: { podCIDR: "10.9.1.0/24", ...extra } },
  ];
  const placesOf = (documents: readonly object[]) =>
    simulated(documents)
      .of("Pod")
      .map(({ spec }) => spec.nodeName)
      .sort();

  it("go where nodeSelector, taints and cordons let them", () => {
    const taint = { taints: [{ key: "only", value: "x", effect: "NoSchedule" }] };
    const tolerations = [{ key: "only", operator: "Equal", value: "x" }];
    expect(placesOf([...nodes({}), workload({ replicas: 2 })])).toEqual(["a", "b"]);
    expect(placesOf([...nodes({}), workload({ replicas: 2, podSpec: { nodeSelector: { disk: "ssd" } } })])).toEqual([
      "a",
      "a",
    ]);
    expect(placesOf([...nodes(taint), workload({ replicas: 2 })])).toEqual(["a", "a"]);
    expect(placesOf([...nodes(taint), workload({ replicas: 2, podSpec: { tolerations } })])).toEqual(["a", "b"]);
    expect(placesOf([...nodes({ unschedulable: true }), workload({ replicas: 2 })])).toEqual(["a", "a"]);
    expect(placesOf([...nodes({ unschedulable: true }), workload({ kind: "DaemonSet" })])).toEqual(["a", "b"]);
  });

  it("are found by labels of any name", () => {
    const expressions = (operator: string) => ({ matchExpressions: [{ key: "constructor", operator }] });
    const codes = (selector: object, labels: Record<string, string>) =>
      simulated([workload({ labels, spec: { selector } })]).diagnostics.map(({ code }) => code);
    const template = (labels: object) => ({ metadata: { labels }, spec: { containers: [] } });
    const one = (operator: string, labels: object) =>
      simulated([workload({ spec: { selector: expressions(operator), template: template(labels) } })]).of("Pod");
    expect(codes({ matchLabels: { constructor: "x" } }, { constructor: "x" })).toEqual([]);
    expect(one("Exists", { app: "web" })).toEqual([]);
    expect(one("DoesNotExist", { app: "web" })).toHaveLength(1);
    expect(one("Exists", { constructor: "web" })).toHaveLength(1);
  });

  it("on a Node without a range get addresses that are no other Node's", () => {
    const others = Array.from({ length: 15 }, (_, index) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: `given-${index}` },
      spec: { podCIDR: `10.244.${16 * index}.0/24` },
    }));
    const bare = { apiVersion: "v1", kind: "Node", metadata: { name: "bare" } };
    const { of } = simulated([...others, bare, workload({ replicas: 2 })]);
    expect(of("Node", "bare")[0].spec.podCIDR).toBe("10.244.240.0/20");
  });

  it("of a DaemonSet go where its controller lets them", () => {
    const daemons = (name: string, effect: string, podSpec = {}) =>
      placesOf([
        ...nodes({ taints: [{ key: `node.kubernetes.io/${name}`, effect }] }),
        workload({ kind: "DaemonSet", podSpec }),
      ]);
    expect(daemons("not-ready", "NoExecute")).toEqual(["a", "b"]);
    expect(daemons("disk-pressure", "NoSchedule")).toEqual(["a", "b"]);
    expect(daemons("not-ready", "NoSchedule")).toEqual(["a"]);
    expect(daemons("out-of-service", "NoExecute")).toEqual(["a"]);
    expect(daemons("network-unavailable", "NoSchedule")).toEqual(["a"]);
    expect(daemons("network-unavailable", "NoSchedule", { hostNetwork: true })).toEqual(["a", "b"]);
  });

  it("stay pending, with a warning, where no node takes them", () => {
    const { of, diagnostics } = simulated([...nodes({}), workload({ podSpec: { nodeSelector: { disk: "tape" } } })]);
    expect(of("Pod")).toEqual([]);
    expect(diagnostics.map(({ code }) => code)).toEqual(["simulate-pods-pending"]);
  });

  it("are not made where a workload has some, or is another's", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-x", namespace: "shop", labels: { app: "web" } },
      status: { phase: "Running", podIP: "10.9.0.7" },
    };
    expect(simulated([workload({ replicas: 3 }), pod]).of("Pod")).toEqual([pod]);
    const owned = workload({ kind: "ReplicaSet", name: "web-5d", labels: { app: "web" } }) as { metadata: object };
    const ownerReferences = [{ kind: "Deployment", name: "web", controller: true }];
    const set = { ...owned, metadata: { ...owned.metadata, ownerReferences } };
    expect(simulated([workload({ replicas: 3 }), set]).of("Pod")).toHaveLength(3);
  });

  it("keep the node a bare Pod names, and the address it has", () => {
    const bare = { apiVersion: "v1", kind: "Pod", metadata: { name: "one" }, spec: { nodeName: "b", containers: [] } };
    const [pod] = simulated([...nodes({}), bare]).of("Pod");
    expect(pod.spec.nodeName).toBe("b");
    expect(pod.status.podIP).toMatch(/^10\.9\.1\./);
    expect(pod.metadata.annotations).toEqual({ "portolan/simulated": "status" });
  });

  it("are as many as the API server takes, or the workload is refused", () => {
    const codes = (shape: object) => simulated([workload({ spec: shape })]).diagnostics.map(({ code }) => code);
    for (const replicas of [-1, 1.5, "3", 100_001, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(codes({ replicas })).toEqual(["workload-replicas-invalid"]);
    }
    for (const replicas of [0, 1, null, undefined]) expect(codes({ replicas })).toEqual([]);
    const job = (spec: object) => simulated([{ ...workload({ kind: "Job", spec }), apiVersion: "batch/v1" }]);
    expect(job({ parallelism: -1 }).diagnostics).toMatchObject([{ code: "workload-replicas-invalid" }]);
    expect(job({ parallelism: 2, completions: 1_000_000 }).diagnostics).toEqual([]);
  });

  it("are told of when the selector does not find them", () => {
    const broken = workload({ spec: { selector: { matchLabels: { app: "wbe" } } } });
    const missing = workload({ name: "api", spec: { selector: undefined } });
    const { diagnostics, of } = simulated([broken, missing]);
    expect(diagnostics.map(({ code }) => code)).toEqual(["workload-selector-mismatch", "workload-selector-mismatch"]);
    expect(of("Pod")).toEqual([]);
  });
});
