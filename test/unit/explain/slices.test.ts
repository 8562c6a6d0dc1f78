import { describe, expect, it } from "vitest";
import { explainNode } from "../../../src/explain/explain-node.ts";
import { explainSliceOn } from "../../../src/explain/explain-slice.ts";
import {
  clusterCidr,
  compileFor,
  here,
  node,
  service,
  slice,
  there,
  zonedNode,
} from "../../harness/explain-objects.ts";

/** The first slice of these objects, explained on node1. */
function explainFirstSlice(objects: readonly object[]): ReturnType<typeof explainSliceOn> {
  const { facts, texts } = compileFor(objects, { config: clusterCidr });
  const [first] = facts.cluster.slices;
  if (first === undefined) throw new Error("no slice");
  return explainSliceOn(first, facts, texts);
}

describe("an EndpointSlice", () => {
  it("causes the lines of its endpoints alone", () => {
    const other = slice([there], {
      metadata: { namespace: "shop", name: "web-2", labels: { "kubernetes.io/service-name": "web" } },
    });
    const { lines, ports, omissions } = explainFirstSlice([node(), service(), slice([here]), other]);
    expect(new Set(lines.map(({ cause }) => cause?.object))).toEqual(new Set(["EndpointSlice shop/web-1"]));
    expect(ports.map(({ endpoints }) => endpoints.map(({ target }) => target))).toEqual([["10.0.1.5:8080"]]);
    expect(omissions).toEqual([]);
  });

  it.each([
    [
      "a Service that is not there",
      [node(), slice([here])],
      ["slice-without-service | every rule | the state has no Service shop/web"],
    ],
    [
      "no label",
      [node(), service(), slice([here], { metadata: { namespace: "shop", name: "other" } })],
      ["slice-without-label | every rule | it has no label kubernetes.io/service-name"],
    ],
    [
      "a headless Service",
      [node(), service({ clusterIP: "None" }), slice([here])],
      ["headless | every rule | it is headless (clusterIP: None): DNS returns the endpoint addresses"],
    ],
    [
      "an endpoint that is not ready",
      [node(), service(), slice([here, { ...there, conditions: { ready: false } }])],
      ["endpoint-not-ready | endpoint 10.0.2.6:8080 (node2) | not ready"],
    ],
  ])("with %s", (_, objects, omissions) => {
    const told = explainFirstSlice(objects).omissions.map(({ reason, what, why }) => `${reason} | ${what} | ${why}`);
    expect(told).toEqual(omissions);
  });
});

it("a Node is what resolving it has settled", () => {
  const { facts, texts } = compileFor([zonedNode("a"), service(), slice([here, there])], { config: clusterCidr });
  const { facts: told, lines } = explainNode(facts, texts);
  expect(told.map(({ what, value }) => `${what}: ${value}`)).toEqual([
    "mode: iptables",
    "families: IPv4",
    "zone: a",
    "pods (IPv4): detected by source 10.0.0.0/16",
    "node ports (IPv4): on every address, including 127.0.0.1",
    "addresses (IPv4): 192.0.2.10",
    "service ports: 1",
    "local endpoints: 1 of 2",
  ]);
  expect(lines.total).toBeGreaterThan(lines.always);
});
