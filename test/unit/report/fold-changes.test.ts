import { describe, expect, it } from "vitest";
import type { TrafficChange } from "../../../src/diff/traffic-diff.ts";
import { fieldText, foldAlike } from "../../../src/report/diff/fold-changes.ts";
import { renderGithub } from "../../../src/report/diff/github.ts";
import { renderText } from "../../../src/report/diff/text.ts";
import { balanced, change, diffOf, rejected } from "../../harness/report/diffs.ts";

const nodes = ["n1", "n2", "n3", "n4"];
const everyEndpoint = ["10.244.1.1:80", "10.244.1.2:80", "10.244.2.1:80"];

/** externalTrafficPolicy Cluster -> Local on one node, which has these endpoints. */
function onNode(node: string, own: readonly string[], more: Partial<TrafficChange> = {}): TrafficChange {
  const isServed = own.length > 0;
  return change({
    severity: isServed ? "source-address" : "access-lost",
    vip: "nodePort 30080/TCP",
    nodes: [node],
    localEndpoints: isServed ? "only" : "none",
    headline: isServed ? "client IP is now preserved" : "now dropped from sources outside this node",
    details: isServed ? [`traffic per endpoint 33.3% -> ${100 / own.length}%`] : [],
    endpoints: { added: [], removed: [] },
    before: [balanced(everyEndpoint, "outside", { masquerade: true })],
    after: [isServed ? balanced(own, "outside") : { from: "outside", outcomes: [rejected] }],
    source: { file: "shop.yaml", line: 10, column: 26 },
    ...more,
  });
}

const local = [
  onNode("n1", ["10.244.1.1:80", "10.244.1.2:80"]),
  onNode("n2", ["10.244.2.1:80"]),
  onNode("n3", []),
  { ...onNode("n4", []), nodes: ["n4"] },
];
const fields = [
  {
    service: "shop/web",
    fields: [
      {
        object: "Service shop/web",
        field: "spec.externalTrafficPolicy",
        was: "Cluster",
        now: "Local",
        source: { file: "shop.yaml", line: 10, column: 26 },
      },
    ],
  },
];

describe("foldAlike", () => {
  it("folds nodes by what endpoints they have", () => {
    const folded = foldAlike(local, nodes);
    expect(
      folded.map(({ change: { headline, nodes: on, details }, where }) => ({ headline, on, details, where })),
    ).toEqual([
      {
        headline: "client IP is now preserved",
        on: ["n1", "n2"],
        details: [
          "traffic goes to endpoints of the same node only: 1 to 2 per node",
          "traffic per endpoint 33.3% -> 50% or 100%",
        ],
        where: "on each node with a local endpoint (2): n1 and n2",
      },
      {
        headline: "now dropped from sources outside this node",
        on: ["n3", "n4"],
        details: [],
        where: "on every other node (2): n3 and n4",
      },
    ]);
  });

  it.each([
    ["not every node changes", [...nodes, "n5"], "on 2 of 5 nodes: n1 and n2"],
    ["every node is of the first kind", ["n1", "n2"], undefined],
  ])("claims no role where %s", (_, compared, where) => {
    const changes = local.filter(({ nodes: [node = ""] }) => compared.includes(node));
    expect(foldAlike(changes, compared)[0]?.where).toBe(where);
  });

  it("keeps nodes apart whose endpoints are unknown", () => {
    const unknown = local.map((one) => ({ ...one, localEndpoints: undefined }));
    expect(foldAlike(unknown, nodes)).toHaveLength(4);
  });

  it("folds ports of a Service that change alike", () => {
    const https = local.map((one) => ({ ...one, service: "shop/web:https", vip: "nodePort 30443/TCP" }));
    expect(foldAlike([...local, ...https], nodes).map(({ also }) => also)).toEqual([
      ["shop/web:https nodePort 30443/TCP"],
      ["shop/web:https nodePort 30443/TCP"],
    ]);
  });
});

describe("the field that changed", () => {
  const worstFirst = [...local.slice(2), ...local.slice(0, 2)];
  const diff = diffOf(worstFirst, { nodes, changedFields: fields });

  it("is told once per Service, with its place, and what follows below", () => {
    const text = renderText(diff, { detail: "services" });
    expect(text).toContain(
      "shop/web  spec.externalTrafficPolicy: Cluster -> Local           shop.yaml:10:26\n  ~ shop/web:http  nodePort 30080/TCP  client IP is now preserved\n",
    );
    expect(text.match(/shop\.yaml:10:26/g)).toHaveLength(1);
  });

  it("is where a pull request is annotated, once", () => {
    const lines = renderGithub(diff).trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^::error file=shop\.yaml,line=10,col=26,title=.*::spec\.externalTrafficPolicy: Cluster -> Local%0A/,
    );
    expect(lines[0]).toContain("on every other node (2)");
  });

  it.each([
    [
      { object: "Service a/b", field: "spec.type", was: "ClusterIP", now: "NodePort" },
      "spec.type: ClusterIP -> NodePort",
    ],
    [{ object: "Deployment a/b", field: "spec.replicas", was: "3", now: "2" }, "Deployment b spec.replicas: 3 -> 2"],
    [{ object: "Service a/b", field: "spec.ports[1]", was: undefined, now: "https" }, "spec.ports[1]: https added"],
    [{ object: "Service a/b", field: "spec.ports[1]", was: "https", now: undefined }, "spec.ports[1]: https removed"],
  ])("%j is %s", (field, text) => {
    expect(fieldText({ ...field, source: undefined })).toBe(text);
  });
});
