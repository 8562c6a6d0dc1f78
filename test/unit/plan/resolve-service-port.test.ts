import { describe, expect, it } from "vitest";
import { at } from "../../../src/diagnostics/place.ts";
import type { Service } from "../../../src/model/objects/service.ts";
import type { Endpoint, ProgramTraits, ServicePortPlan } from "../../../src/plan/forwarding/forwarding-plan.ts";
import {
  fallsBack,
  resolveRoute,
  resolveServicePort,
  resolveSourceRanges,
  servicePortName,
} from "../../../src/plan/forwarding/resolve-service-port.ts";
import { cidr, endpoint, here, ip, place, plainTraits, portContext, service, there, vip, webPort } from "./plans.ts";

const exposed = { ...webPort, nodePort: 30080 };

interface Case {
  readonly of?: Partial<Service>;
  readonly all?: readonly Endpoint[];
  readonly traits?: Partial<ProgramTraits>;
  readonly isExposed?: boolean;
}

function resolve({ of = {}, all = [here, there], traits = {}, isExposed = false }: Case): ServicePortPlan {
  const port = isExposed ? exposed : webPort;
  return resolveServicePort({ service: service(of), port, clusterIp: vip("10.96.0.1") }, all, portContext(traits));
}

describe("resolveRoute", () => {
  const usable = (local: readonly Endpoint[], cluster: readonly Endpoint[], anywhere = true) => ({
    reachable: { all: [...cluster], cluster, local },
    anywhere,
  });
  const route = (isLocal: boolean, found: ReturnType<typeof usable>, localPolicyFallsBack = false) =>
    resolveRoute(isLocal, found, { ...plainTraits, localPolicyFallsBack });

  it("balances over the cluster's endpoints without a policy", () => {
    expect(route(false, usable([], [there]))).toEqual({ kind: "balance", over: "cluster" });
  });

  it("balances over local endpoints with policy Local, whatever the program", () => {
    expect(route(true, usable([here], [here, there]))).toEqual({ kind: "balance", over: "local" });
    expect(route(true, usable([here], [here, there]), true)).toEqual({ kind: "balance", over: "local" });
  });

  it("drops with policy Local and no local endpoint, unless the program falls back", () => {
    expect(route(true, usable([], [there]))).toEqual({ kind: "drop", over: "local" });
    expect(route(true, usable([], [there]), true)).toEqual({ kind: "balance", over: "cluster" });
  });

  it("drops where there is nothing to fall back to", () => {
    expect(route(true, usable([], []), true)).toEqual({ kind: "drop", over: "cluster" });
  });

  it("rejects without any endpoint", () => {
    expect(route(true, usable([], [], false))).toEqual({ kind: "reject", over: "local" });
    expect(route(false, usable([], [], false))).toEqual({ kind: "reject", over: "cluster" });
  });
});

describe("fallsBack", () => {
  it.each([
    ["Local", "cluster", true],
    ["Local", "local", false],
    ["Cluster", "cluster", false],
  ] as const)("policy %s over %s: %s", (policy, over, expected) => {
    expect(fallsBack(policy, { kind: "balance", over })).toBe(expected);
  });
});

describe("resolveServicePort", () => {
  it("has no external plan where only the cluster IP leads to it", () => {
    expect(resolve({}).external).toBeUndefined();
    expect(resolve({ isExposed: true }).external).toMatchObject({ nodePort: 30080, preservesClientIp: false });
  });

  it("names the service port as kube-proxy does", () => {
    expect(resolve({})).toMatchObject({ name: "shop/web:http", protocol: "tcp" });
    expect(servicePortName(service(), { ...webPort, name: "" })).toBe("shop/web");
  });

  it("leaves the cluster's endpoints out where only local ones can be asked for", () => {
    const of = { internalTrafficPolicy: "Local" } as const;
    expect(resolve({ of }).endpoints).toMatchObject({ cluster: [], local: [here] });
    expect(resolve({ of, isExposed: true }).endpoints).toMatchObject({ cluster: [here, there], local: [here] });
  });

  it("hides external IPs behind the feature gate, and stays exposed", () => {
    const of = { externalIps: [vip("198.51.100.1")] };
    const given = { service: service(of), port: webPort, clusterIp: vip("10.96.0.1") };
    const context = portContext({}, { allowExternalIps: false });
    expect(resolveServicePort(given, [here], context).external).toMatchObject({ externalIps: [] });
  });
});

describe("traits", () => {
  const local = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } as const;

  it("localPolicyFallsBack flips the routes of a node without endpoints, and nothing else", () => {
    const without = resolve({ of: local, all: [there], isExposed: true });
    const withIt = resolve({ of: local, all: [there], isExposed: true, traits: { localPolicyFallsBack: true } });
    expect(without.internal).toEqual({ kind: "drop", over: "local" });
    expect(withIt.internal).toEqual({ kind: "balance", over: "cluster" });
    expect(without.external?.route).toEqual({ kind: "drop", over: "local" });
    expect(withIt.external?.route).toEqual({ kind: "balance", over: "cluster" });
    const rest = ({ internal, external, ...others }: ServicePortPlan) => [others, { ...external, route: undefined }];
    expect(rest(withIt)).toEqual(rest(without));
  });

  it("localPolicyFallsBack has nothing to fall back to where only the cluster IP leads there", () => {
    const of = { internalTrafficPolicy: "Local" } as const;
    const { internal, endpoints } = resolve({ of, all: [there], traits: { localPolicyFallsBack: true } });
    expect(internal).toEqual({ kind: "drop", over: "cluster" });
    expect(endpoints.cluster).toEqual([]);
  });

  it("shortCircuitsLocal flips whether pods and the node go elsewhere, with policy Local alone", () => {
    const of = { externalTrafficPolicy: "Local" } as const;
    const traits = { shortCircuitsLocal: true };
    expect(resolve({ of, isExposed: true }).external?.shortCircuitsLocal).toBe(false);
    expect(resolve({ of, isExposed: true, traits }).external?.shortCircuitsLocal).toBe(true);
    expect(resolve({ isExposed: true, traits }).external?.shortCircuitsLocal).toBe(false);
  });

  it("healthCheckNeedsNodePort leaves the health check port out where no address serves node ports", () => {
    const of = { healthCheckNodePort: 31000 };
    const port = (traits: Partial<ProgramTraits>, servesNodePorts: boolean, given = exposed) =>
      resolveServicePort(
        { service: service(of), port: given, clusterIp: vip("10.96.0.1") },
        [here],
        portContext(traits, { servesNodePorts }),
      ).healthCheckNodePort;
    const traits = { healthCheckNeedsNodePort: true };
    expect(port(traits, false)).toBeUndefined();
    expect(port({}, false)).toBe(31000);
    expect(port(traits, true)).toBe(31000);
    expect(port(traits, false, webPort as typeof exposed)).toBe(31000);
  });

  it.each(["exclusiveDestinations", "endpointComments", "nodePortsOnLoopback"] as const)(
    "%s changes no service port",
    (trait) => {
      expect(resolve({ of: local, isExposed: true, traits: { [trait]: true } })).toEqual(
        resolve({ of: local, isExposed: true }),
      );
    },
  );
});

describe("resolveSourceRanges", () => {
  const range = (text: string, key = 0) => ({ cidr: cidr(text), place: at(place, key) });
  const ranges = (...texts: readonly string[]) =>
    resolveSourceRanges(service({ sourceRanges: texts.map(range) }), { family: "ipv4", nodeIp: ip("192.0.2.10") });

  it("restricts nothing without ranges, with ranges of the other family only, or with a range of everything", () => {
    expect(ranges()).toBeUndefined();
    expect(ranges("2001:db8::/32")).toBeUndefined();
    expect(ranges("198.51.100.0/24", "0.0.0.0/0")).toBeUndefined();
  });

  it("restricts to half of all addresses", () => {
    expect(ranges("128.0.0.0/1")).toMatchObject({ includesNode: true });
    expect(ranges("0.0.0.0/1")).toMatchObject({ includesNode: false });
  });

  it("says whether the node lies in a range", () => {
    expect(ranges("198.51.100.0/24")).toMatchObject({ includesNode: false });
    expect(ranges("198.51.100.0/24", "192.0.2.0/24")).toMatchObject({ includesNode: true });
    expect(ranges("198.51.100.0/24", "2001:db8::/32")?.ranges).toHaveLength(1);
  });
});

describe("endpoints that are not ready", () => {
  it("serve while they terminate, where none is ready", () => {
    const leaving = endpoint("10.0.1.9", true, { ready: false, terminating: true });
    expect(resolve({ all: [leaving] }).internal).toEqual({ kind: "balance", over: "cluster" });
    expect(resolve({ all: [leaving, there] }).endpoints.cluster).toEqual([there]);
  });

  it("leave nothing but a reject", () => {
    const starting = endpoint("10.0.1.9", true, { ready: false, serving: false });
    expect(resolve({ all: [starting] })).toMatchObject({ internal: { kind: "reject" }, endpoints: { cluster: [] } });
  });
});
