import { describe, expect, it } from "vitest";
import { endpointsOf, service, simulated, slicesOf, workload } from "../../harness/simulate.ts";

describe("simulated EndpointSlices", () => {
  it("hold the pods that the selector takes, as the controller writes them", () => {
    const state = simulated([workload({ replicas: 3 }), workload({ name: "other" }), service()]);
    const [slice, ...others] = slicesOf(state.of);
    expect(others).toEqual([]);
    expect(slice.ports).toEqual([{ name: "", port: 8080, protocol: "TCP" }]);
    expect(slice.addressType).toBe("IPv4");
    const pods = state.of("Pod").filter(({ metadata }) => metadata.labels.app === "web");
    const zones = new Map(
      state.of("Node").map(({ metadata }) => [metadata.name, metadata.labels["topology.kubernetes.io/zone"]]),
    );
    expect(slice.endpoints).toEqual(
      pods.map(({ metadata, spec, status }) => ({
        addresses: [status.podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: spec.nodeName,
        zone: zones.get(spec.nodeName),
        targetRef: { kind: "Pod", namespace: "shop", name: metadata.name },
      })),
    );
    expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(3);
  });

  it("stand apart where a named port has another number", () => {
    const podSpec = { containers: [{ name: "a", ports: [{ name: "http", containerPort: 9090 }] }] };
    const documents = [workload(), workload({ name: "next", labels: { app: "web", next: "yes" }, podSpec }), service()];
    // Each must find its own pods alone.
    const ports = slicesOf(
      simulated([documents[1], documents[2], workload({ name: "web2", labels: { app: "web" } })] as object[]).of,
    );
    expect(ports.map(({ ports: [port] }) => port.port).sort()).toEqual([8080, 9090]);
  });

  it("leave out a port that no container names, and take a number as it is", () => {
    const ports = [
      { name: "a", port: 80, targetPort: "nowhere" },
      { name: "b", port: 81, targetPort: 9999, appProtocol: "http" },
      { name: "c", port: 82 },
      { name: "d", port: 83, targetPort: "http", protocol: "UDP" },
    ];
    const [slice] = slicesOf(simulated([workload(), service("web", { ports })]).of);
    expect(slice.ports).toEqual([
      { name: "b", port: 9999, protocol: "TCP", appProtocol: "http" },
      { name: "c", port: 82, protocol: "TCP" },
    ]);
  });

  it("name a port of a sidecar, not of another init container", () => {
    const ports = [{ name: "admin", containerPort: 15000 }];
    const withInit = (restartPolicy: object) => [
      workload({ podSpec: { initContainers: [{ name: "proxy", ports, ...restartPolicy }] } }),
      service("web", { ports: [{ port: 80, targetPort: "admin" }] }),
    ];
    const [sidecar] = slicesOf(simulated(withInit({ restartPolicy: "Always" })).of);
    const [init] = slicesOf(simulated(withInit({})).of);
    expect([sidecar.ports.length, init.ports.length]).toEqual([1, 0]);
  });

  it("carry the headless label and the pods' host names", () => {
    const state = simulated([
      workload({ kind: "StatefulSet", replicas: 2, spec: { serviceName: "web", ordinals: { start: 5 } } }),
      service("web", { clusterIP: "None" }),
    ]);
    const [slice] = slicesOf(state.of);
    expect(slice.metadata.labels["service.kubernetes.io/headless"]).toBe("");
    expect(slice.endpoints.map(({ hostname }: { hostname: string }) => hostname)).toEqual(["web-5", "web-6"]);
    expect(state.of("Service")[0].spec).toEqual({
      ...(service("web", { clusterIP: "None" }) as { spec: object }).spec,
    });
  });

  it("are chosen by what the StatefulSet controller tells its pods apart by", () => {
    const state = simulated([
      workload({ kind: "StatefulSet", replicas: 3, spec: { serviceName: "web" } }),
      service("first", { selector: { "apps.kubernetes.io/pod-index": "0" } }),
      service("last", { selector: { "statefulset.kubernetes.io/pod-name": "web-2" } }),
    ]);
    expect(endpointsOf(state, "first").map(({ targetRef }) => targetRef.name)).toEqual(["web-0"]);
    expect(endpointsOf(state, "last").map(({ targetRef }) => targetRef.name)).toEqual(["web-2"]);
  });

  it("use the node's address for pods in its network, one on each node of a DaemonSet", () => {
    const state = simulated([workload({ kind: "DaemonSet", podSpec: { hostNetwork: true } }), service()], { nodes: 4 });
    const addresses = state.of("Node").map(({ status }) => status.addresses[0].address);
    expect(
      endpointsOf(state)
        .map(({ addresses: [ip] }) => ip)
        .sort(),
    ).toEqual(addresses.sort());
  });

  it("are empty without pods, missing without a selector, and stay where they are given", () => {
    expect(slicesOf(simulated([service()]).of)[0]).toMatchObject({ endpoints: [], ports: [] });
    expect(slicesOf(simulated([service("web", { selector: {} })]).of)).toEqual([]);
    expect(slicesOf(simulated([service("web", { type: "ExternalName", externalName: "a.example" })]).of)).toEqual([]);
    const given = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "web-x", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.9"] }],
    };
    expect(slicesOf(simulated([service(), workload(), given]).of)).toEqual([given]);
  });

  it("hold at most a hundred endpoints each, and both families where the Service has them", () => {
    const dual = simulated([workload({ replicas: 101 }), service("web", { ipFamilyPolicy: "RequireDualStack" })]);
    const shapes = slicesOf(dual.of).map(({ addressType, endpoints }) => [addressType, endpoints.length]);
    expect(shapes).toEqual([
      ["IPv4", 100],
      ["IPv4", 1],
      ["IPv6", 100],
      ["IPv6", 1],
    ]);
  });

  it("carry the hints of trafficDistribution", () => {
    const [same] = endpointsOf(simulated([workload(), service("web", { trafficDistribution: "PreferSameNode" })]));
    expect(same.hints).toEqual({ forZones: [{ name: same.zone }], forNodes: [{ name: same.nodeName }] });
  });
});

describe("--fail and --scale", () => {
  const documents = [workload({ replicas: 4 }), service()];

  it("take the pods of a failed node out, unless the Service publishes them", () => {
    const state = simulated(documents, { fail: ["node1"] });
    for (const { nodeName, conditions } of endpointsOf(state)) expect(conditions.ready).toBe(nodeName !== "node1");
    const published = simulated([documents[0], service("web", { publishNotReadyAddresses: true })], {
      fail: ["node1"],
    });
    for (const { conditions } of endpointsOf(published)) expect(conditions.ready).toBe(true);
    expect(endpointsOf(published).filter(({ conditions }) => !conditions.serving).length).toBeGreaterThan(0);
  });

  it("know a pod by its name, and tell of names that are nowhere", () => {
    const state = simulated(documents, { fail: ["shop/web-2", "nodeX"], scale: [{ name: "wep", replicas: 2 }] });
    expect(
      endpointsOf(state)
        .filter(({ conditions }) => !conditions.ready)
        .map(({ targetRef }) => targetRef.name),
    ).toEqual(["web-2"]);
    expect(state.diagnostics.map(({ code, hint }) => [code, hint])).toEqual([
      ["simulate-unknown-name", "did you mean node1?"],
      ["simulate-unknown-name", "did you mean web?"],
    ]);
  });

  it("scale what is there already, and make its endpoints anew", () => {
    const before = simulated(documents);
    const scale = (replicas: number) => simulated(before.objects, { scale: [{ name: "shop/web", replicas }] });
    const ips = (state: ReturnType<typeof simulated>) => endpointsOf(state).map(({ addresses: [ip] }) => ip);
    expect(ips(scale(2))).toEqual(ips(before).slice(0, 2));
    expect(ips(scale(6)).slice(0, 4)).toEqual(ips(before));
    expect(ips(scale(6))).toHaveLength(6);
  });

  it("take endpoints of given slices out too", () => {
    const state = simulated(simulated(documents).objects, { fail: ["node2"] });
    for (const { nodeName, conditions } of endpointsOf(state)) expect(conditions.serving).toBe(nodeName !== "node2");
  });
});
