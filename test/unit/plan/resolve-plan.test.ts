import { describe, expect, it } from "vitest";
import type { Cluster } from "../../../src/model/cluster.ts";
import { defaultHostFeatures, type Node } from "../../../src/model/objects/node.ts";
import {
  defaultProxyConfiguration,
  type ProxyConfiguration,
} from "../../../src/model/proxy-configuration/proxy-configuration.ts";
import type { ForwardingPlan, ProgramTraits } from "../../../src/plan/forwarding/forwarding-plan.ts";
import { nodePortAddresses, resolveNodePortScope } from "../../../src/plan/forwarding/node-port-scope.ts";
import {
  type NodeView,
  resolveLocalTrafficDetectors,
  resolveNodeView,
} from "../../../src/plan/forwarding/node-view.ts";
import { resolvePlan } from "../../../src/plan/forwarding/resolve-plan.ts";
import { cidr, collectCodes, entry, ip, place, plainTraits, service, settings, slice, webPort } from "./plans.ts";

const view: NodeView = {
  name: "node1",
  node: undefined,
  ips: { ipv4: ip("192.0.2.10"), ipv6: ip("::1") },
  primaryFamily: "ipv4",
  hostAddresses: [ip("192.0.2.10"), ip("2001:db8::10")],
  features: defaultHostFeatures,
  families: ["ipv4"],
};

function clusterOf(more: Partial<Cluster> = {}, config: Partial<ProxyConfiguration> = {}): Cluster {
  return {
    services: [service()],
    slices: [],
    nodes: [],
    serviceCidrs: [],
    hosts: [],
    pods: [],
    hostPortConfiguration: undefined,
    proxyConfiguration: { ...defaultProxyConfiguration, ...config },
    isConfigurationBroken: false,
    simulated: 0,
    read: 0,
    skipped: 0,
    ...more,
  };
}

interface Case {
  readonly of?: Partial<Cluster>;
  readonly config?: Partial<ProxyConfiguration>;
  readonly traits?: Partial<ProgramTraits>;
}

function resolve({ of, config, traits }: Case = {}): ForwardingPlan {
  const target = { view, families: undefined, traits: { ...plainTraits, ...traits } };
  return resolvePlan(clusterOf(of, config), target, () => {});
}

const nodePortsOn = (text: string) => ({ nodePortAddresses: [cidr(text)] });

describe("resolvePlan", () => {
  it("carries the traits it was resolved with", () => {
    expect(resolve({ traits: { unknownPortOfVip: "rejected", affinityScope: "address" } }).traits).toMatchObject({
      unknownPortOfVip: "rejected",
      affinityScope: "address",
    });
  });

  it("lists service ports by namespace, name and port name", () => {
    const ports = [{ ...webPort, name: "b" }, webPort, { ...webPort, name: "a" }];
    const services = [service({ ports }), service({ namespace: "a", name: "z" }), service({ name: "api" })];
    const [family] = resolve({ of: { services } }).families;
    expect([...(family?.servicePorts ?? [])].map(({ name }) => name)).toEqual([
      "a/z:http",
      "shop/api:http",
      "shop/web:a",
      "shop/web:b",
      "shop/web:http",
    ]);
  });

  it("leaves out what kube-proxy does not proxy", () => {
    const services = [
      service({ headless: true, clusterIps: {} }),
      service({ type: "ExternalName" }),
      service({ labels: { "service.kubernetes.io/service-proxy-name": "other" } }),
    ];
    const [family] = resolve({ of: { services } }).families;
    expect([...(family?.servicePorts ?? [])]).toEqual([]);
  });

  it("nodePortsOnLoopback flips whether node ports answer on 127.0.0.1", () => {
    const traits = { nodePortsOnLoopback: true };
    const loopback = (plan: ForwardingPlan) => [plan.localhostNodePorts, plan.families[0]?.settings.localhostNodePorts];
    expect(loopback(resolve({ traits }))).toEqual(["served", true]);
    expect(loopback(resolve())).toEqual(["ignored", false]);
    expect(loopback(resolve({ traits, config: { localhostNodePorts: false } }))).toEqual(["off", false]);
    expect(loopback(resolve({ traits, config: nodePortsOn("192.0.2.0/24") }))).toEqual(["off", false]);
    expect(loopback(resolve({ traits, config: nodePortsOn("127.0.0.0/8") }))).toEqual(["served", true]);
  });

  it("endpointComments flips whether a large cluster counts", () => {
    const endpoints = Array.from({ length: 1001 }, (_, index) => entry(`10.0.${index >> 8}.${index & 255}`, { index }));
    const ports = [{ name: "http", protocol: "TCP", port: 8080, place } as const];
    const large = (count: number, endpointComments: boolean) =>
      resolve({
        of: { slices: [{ ...slice, ports, endpoints: endpoints.slice(0, count) }] },
        traits: { endpointComments },
      }).families[0]?.settings.largeCluster;
    expect([large(1001, true), large(1000, true), large(1001, false)]).toEqual([true, false, false]);
  });
});

describe("resolveNodePortScope", () => {
  const scope = (text: string, family: "ipv4" | "ipv6" = "ipv4") =>
    resolveNodePortScope(nodePortsOn(text).nodePortAddresses, family, view, plainTraits);

  it("is every address without ranges of the family, and with a range of everything", () => {
    expect(scope("2001:db8::/32").scope).toEqual({ kind: "every-address" });
    expect(scope("0.0.0.0/0").scope).toEqual({ kind: "every-address" });
  });

  it("chooses the host's addresses in the ranges", () => {
    expect(scope("192.0.2.0/24").scope).toEqual({ kind: "addresses", addresses: ["192.0.2.10"] });
    expect(scope("198.51.100.0/24").scope).toEqual({ kind: "addresses", addresses: [] });
    expect(scope("2001:db8::/32", "ipv6").scope).toEqual({ kind: "addresses", addresses: ["2001:db8::10"] });
  });

  it("takes the node's own addresses for `primary`, alone or beside ranges", () => {
    const addresses = { kind: "addresses", addresses: ["192.0.2.10"] };
    expect(resolveNodePortScope(["primary"], "ipv4", view, plainTraits).scope).toEqual(addresses);
    expect(resolveNodePortScope(["primary", cidr("198.51.100.0/24")], "ipv4", view, plainTraits).scope).toEqual(
      addresses,
    );
  });

  it("leaves the default to the program", () => {
    const byDefault = (nodePortsByDefault: ProgramTraits["nodePortsByDefault"]) =>
      resolveNodePortScope([], "ipv4", view, { ...plainTraits, nodePortsByDefault }).scope.kind;
    expect([byDefault("every-address"), byDefault("primary")]).toEqual(["every-address", "addresses"]);
  });

  it("has loopback where the program serves node ports on it", () => {
    const onLoopback = (nodePortsOnLoopback: boolean) =>
      resolveNodePortScope([cidr("127.0.0.0/8")], "ipv4", view, { ...plainTraits, nodePortsOnLoopback }).scope;
    expect(onLoopback(true)).toEqual({ kind: "addresses", addresses: ["127.0.0.1"] });
    expect(onLoopback(false)).toEqual({ kind: "addresses", addresses: [] });
  });
});

describe("nodePortAddresses", () => {
  it("leaves out loopback and what holds for one link", () => {
    const hostAddresses = [ip("fe80::1"), ip("2001:db8::10")];
    const texts = (given: Parameters<typeof nodePortAddresses>[0]) => nodePortAddresses(given).map(({ text }) => text);
    expect(texts(settings({ hostAddresses }))).toEqual(["2001:db8::10"]);
    const nodePorts = { kind: "addresses", addresses: ["192.0.2.10", "127.0.0.1"] } as const;
    expect(texts(settings({ nodePorts }))).toEqual(["192.0.2.10"]);
  });
});

describe("resolveLocalTrafficDetectors", () => {
  const resolveWith = (detectLocal: ProxyConfiguration["detectLocal"], more: Partial<NodeView> = {}) => {
    const { report, codes } = collectCodes();
    const detectors = resolveLocalTrafficDetectors(
      { ...defaultProxyConfiguration, detectLocal },
      { ...view, ...more },
      report,
    );
    return { detectors, codes };
  };

  it("takes the first range of each family", () => {
    const { detectors } = resolveWith({ kind: "cluster-cidr", cidrs: [cidr("10.0.0.0/8"), cidr("fd00::/48")] });
    expect(detectors).toMatchObject({ ipv4: { kind: "source" }, ipv6: { kind: "source" } });
  });

  it("reports a node without a pod range, which kube-proxy waits for", () => {
    expect(resolveWith({ kind: "node-cidr" })).toEqual({ detectors: {}, codes: ["pod-cidr-missing"] });
  });

  it("tells pods by interface in both families", () => {
    const local = { kind: "interface-prefix", prefix: "veth" } as const;
    expect(resolveWith(local).detectors).toEqual({ ipv4: local, ipv6: local });
  });
});

const nodeNamed = (name: string): Node => ({
  namespace: "",
  name,
  labels: {},
  annotations: {},
  place,
  zone: undefined,
  podCidrs: [],
  addresses: [],
  isSimulated: false,
});

describe("the node of a plan", () => {
  const nodes = (...names: readonly string[]) => names.map((name) => nodeNamed(name));
  it.each([
    [nodes("node1"), undefined, "node1", []],
    [nodes("node1", "node2"), undefined, undefined, ["node-not-chosen"]],
    [nodes("node1", "node2"), "node2", "node2", []],
    [nodes(), undefined, undefined, ["node-name-needed"]],
  ])("is the only one, or the one that was asked for", (found, asked, expected, codes) => {
    const { report, codes: reported } = collectCodes();
    expect(resolveNodeView(clusterOf({ nodes: found }), asked, {}, report)?.name).toBe(expected);
    expect(reported).toEqual(codes);
  });
});
