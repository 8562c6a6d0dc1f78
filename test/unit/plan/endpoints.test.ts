import { describe, expect, it } from "vitest";
import type { EndpointSlice } from "../../../src/model/objects/endpoint-slice.ts";
import { gatherEndpoints, resolveUsableEndpoints } from "../../../src/plan/forwarding/endpoints.ts";
import type { Endpoint } from "../../../src/plan/forwarding/forwarding-plan.ts";
import { endpoint, entry, here, place, slice, there, webPort } from "./plans.ts";

const both = { cluster: true, local: true };
const node1 = { node: "node1", zone: "a" };
const targets = (endpoints: readonly Endpoint[]): readonly string[] => endpoints.map(({ target }) => target);

describe("resolveUsableEndpoints", () => {
  it("makes only the lists that are needed", () => {
    const { reachable } = resolveUsableEndpoints([here, there], { cluster: false, local: true }, node1);
    expect(reachable).toEqual({ all: [here, there], cluster: [], local: [here] });
  });

  it("knows of endpoints elsewhere even where it may not use them", () => {
    expect(resolveUsableEndpoints([there], { cluster: false, local: true }, node1)).toMatchObject({
      reachable: { local: [] },
      anywhere: true,
    });
    expect(resolveUsableEndpoints([], both, node1).anywhere).toBe(false);
  });

  it("follows hints only where every ready endpoint has one and one is for this node", () => {
    const ours = endpoint("10.0.1.1", false, { zoneHints: ["a"] });
    const others = endpoint("10.0.1.2", false, { zoneHints: ["b"] });
    const cluster = (...all: readonly Endpoint[]) => resolveUsableEndpoints(all, both, node1).reachable.cluster;
    expect(cluster(ours, others)).toEqual([ours]);
    expect(cluster(ours, there)).toEqual([ours, there]);
    expect(cluster(others)).toEqual([others]);
  });

  it("prefers node hints to zone hints", () => {
    const byNode = endpoint("10.0.1.1", false, { zoneHints: ["b"], nodeHints: ["node1"] });
    const byZone = endpoint("10.0.1.2", false, { zoneHints: ["a"], nodeHints: ["node2"] });
    expect(resolveUsableEndpoints([byNode, byZone], both, node1).reachable.cluster).toEqual([byNode]);
  });
});

describe("resolveUsableEndpoints, without a ready endpoint", () => {
  it("takes those that still serve and terminate, whatever their hints", () => {
    const leaving = { ready: false, serving: true, terminating: true };
    const [ours, others] = ["a", "b"].map((zone, at) =>
      endpoint(`10.0.1.${at}`, false, { ...leaving, zoneHints: [zone], nodeHints: [`node${at + 1}`] }),
    ) as [Endpoint, Endpoint];
    expect(resolveUsableEndpoints([ours, others], both, node1).reachable.cluster).toEqual([ours, others]);
  });
});

describe("gatherEndpoints", () => {
  const port = { name: "http", protocol: "TCP", port: 8080, place } as const;
  const sliceOf = (name: string, endpoints: EndpointSlice["endpoints"], more: Partial<EndpointSlice> = {}) => ({
    ...slice,
    name,
    ports: [port],
    endpoints,
    ...more,
  });
  const gather = (slices: readonly EndpointSlice[], conflicts: string[] = []) =>
    gatherEndpoints(slices, webPort, "node1", ({ target }) => conflicts.push(target));

  it("sorts by target and marks those of this node", () => {
    const found = gather([sliceOf("b", [entry("10.0.2.2", { nodeName: "node2" }), entry("10.0.1.1")])]);
    expect(found.map(({ target, isLocal }) => [target, isLocal])).toEqual([
      ["10.0.1.1:8080", true],
      ["10.0.2.2:8080", false],
    ]);
  });

  it("writes IPv6 targets in brackets", () => {
    expect(targets(gather([sliceOf("a", [entry("fd00::1")], { family: "ipv6" })]))).toEqual(["[fd00::1]:8080"]);
  });

  it("passes over ports of other names, and ports without a number", () => {
    const other = sliceOf("a", [entry("10.0.0.1")], { ports: [{ ...port, name: "admin" }] });
    const numberless = sliceOf("b", [entry("10.0.0.2")], { ports: [{ ...port, port: undefined }] });
    expect(gather([other, numberless])).toEqual([]);
  });

  it("takes the later of two entries with one target, unless it is terminating, and reports what differs", () => {
    const conflicts: string[] = [];
    const later = gather(
      [sliceOf("a", [entry("10.0.0.1")]), sliceOf("b", [entry("10.0.0.1", { ready: false })])],
      conflicts,
    );
    expect(later.map(({ entry: { ready } }) => ready)).toEqual([false]);
    expect(conflicts).toEqual(["10.0.0.1:8080"]);
    const terminating = entry("10.0.0.1", { ready: false, terminating: true });
    const kept = gather([sliceOf("a", [entry("10.0.0.1")]), sliceOf("b", [terminating])]);
    expect(kept.map(({ entry: { ready } }) => ready)).toEqual([true]);
  });
});
