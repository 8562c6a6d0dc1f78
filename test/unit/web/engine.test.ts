import { describe, expect, it } from "vitest";
import { createEngine } from "../../../src/web/engine/engine.ts";
import { isDump } from "../../../src/web/engine/read-files.ts";
import { fromHash, toHash } from "../../../src/web/page/state.ts";
import { verdictOf } from "../../../src/web/page/verdict.ts";
import { defaultSettings, type Settings } from "../../../src/web/protocol.ts";

const manifests = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
`;

const dump = `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:KUBE-SEP-A - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-A
-A KUBE-SVC-A -j KUBE-SEP-A
-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080
COMMIT
`;

/** An engine that has analysed a text. */
function analysed(text: string, more: Partial<Settings> = {}) {
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 24;
  };
  const engine = createEngine((count) => Uint8Array.from({ length: count }, random));
  const side = { files: [{ name: "a.yaml", text }], settings: { ...defaultSettings, ...more } };
  return { engine, side, analysis: engine.answer({ kind: "analyse", ...side }) };
}

describe("the engine of the playground", () => {
  it("simulates a cluster around bare manifests", () => {
    const { analysis } = analysed(manifests, { nodes: 2 });
    expect(analysis).toMatchObject({
      node: "node1",
      errors: [],
      simulated: expect.stringMatching(/^1 EndpointSlice, 2 Nodes.*, 2 Pods; fields of 1 Service$/),
    });
    expect(analysis.picture.services).toMatchObject([{ name: "shop/web", type: "NodePort" }]);
    expect(analysis.picture.services[0]?.ports[0]?.doors.map(({ kind }) => kind)).toEqual(["cluster IP", "node port"]);
    expect(analysis.picture.workloads).toEqual([{ name: "shop/web", replicas: 2 }]);
  });

  it("takes anything else as it is", () => {
    const { analysis } = analysed(manifests.replace("type: NodePort", "clusterIP: 10.96.0.10\n  type: NodePort"));
    expect(analysis).toMatchObject({ simulated: undefined, picture: { nodes: [] } });
  });

  it.each([
    [{}, 2],
    [{ down: ["node1", "node2", "node3"] }, 0],
    [{ scale: { "shop/web": 5 } }, 5],
    [{ down: ["node9"] }, 2],
  ] as const)("with %j: %i endpoints are ready", (settings, count) => {
    const { analysis } = analysed(manifests, settings);
    expect(analysis.picture.services[0]?.endpoints.filter(({ ready }) => ready)).toHaveLength(count);
  });

  it.each(["iptables", "ipvs", "nftables"] as const)("answers packets in %s mode, in one sentence", (mode) => {
    const { engine } = analysed(manifests, { mode });
    const [result] = engine.answer({ kind: "packets", packets: [{ from: "internet", to: "svc/shop/web:http" }] });
    expect(result?.explanation && verdictOf(result.explanation)).toMatchObject({
      tone: "good",
      sentence: expect.stringMatching(
        /^A packet from the internet to shop\/web:http at node port [\d.]+:30080 is delivered to one of 2 endpoints, 50% each; the pod sees the node's IP in place of the client IP \(SNAT\)\.$/,
      ),
    });
  });

  it("finds the field that a rule comes from", () => {
    const { engine, analysis } = analysed(manifests);
    const field = { object: "Service shop/web", field: "spec.ports[0].nodePort" };
    expect(analysis.rules.flatMap(({ origins }) => origins)).toContainEqual(field);
    const [range] = engine.answer({ kind: "places", fields: [field] });
    expect(manifests.slice(range?.from, range?.to)).toBe("nodePort");
  });

  it("has places for problems, also of objects that are simulated", () => {
    const { engine } = analysed(manifests.replace("{app: web}", "{app: other}"));
    const problems = engine.answer({ kind: "problems" });
    expect(problems.map(({ severity, at }) => `${severity} ${at}`)).toEqual([
      expect.stringMatching(/^warning a\.yaml:\d+:\d+$/),
    ]);
  });

  it("says what a text cannot be read for", () => {
    const { analysis } = analysed("kind: [");
    expect(analysis.errors).toMatchObject([{ code: "syntax", severity: "error" }]);
    expect(analysis.rules).toEqual([]);
  });

  it("traces packets on the host of a dump", () => {
    const { engine, analysis } = analysed(dump);
    expect(analysis.rules.map(({ name }) => name)).toEqual(["iptables-save"]);
    const [result] = engine.answer({ kind: "packets", packets: [{ from: "10.244.0.9", to: "svc/shop/web:http" }] });
    expect(result?.explanation?.outcomes).toMatchObject([{ verdict: "delivered", destination: "10.244.1.5:8080" }]);
  });

  it("redacts names and addresses", () => {
    const { engine, side } = analysed(manifests);
    const [file] = engine.answer({ kind: "redact", ...side });
    expect(file?.text).not.toMatch(/web|shop/);
    expect(analysed(file?.text ?? "").analysis).toMatchObject({
      errors: [],
      picture: { services: [{ type: "NodePort" }] },
    });
  });

  it("compares what is with what would be", () => {
    const { engine, side } = analysed(manifests);
    const head = { ...side, settings: { ...defaultSettings, scale: { "shop/web": 3 } } };
    const { diff, problem } = engine.answer({ kind: "diff", base: side, head });
    expect(problem).toBeUndefined();
    expect(new Set(diff?.changes.map(({ headline }) => headline))).toEqual(new Set(["endpoints 2 -> 3"]));
  });
});

it.each([
  [dump, true],
  ["-A KUBE-SERVICES -j RETURN", true],
  ["table ip kube-proxy {", true],
  [manifests, false],
  ["", false],
])("%.20j is output of a tool: %s", (text, expected) => {
  expect(isDump(text)).toBe(expected);
});

it("a link gives the state back", () => {
  const files = [{ name: "ä.yaml", text: "# ✓ \u{1f600}" }];
  const state = {
    files,
    proposed: files,
    side: "proposed",
    settings: { ...defaultSettings, mode: "ipvs", down: ["node1"], scale: { "a/b": 2 } },
    packet: { from: "node", to: "10.0.0.1:80" },
    pane: "diff",
  } as const;
  expect(fromHash(`#${toHash(state)}`)).toEqual(state);
  expect(fromHash("#s=AA")).toBeUndefined();
  expect(fromHash("")).toBeUndefined();
});
