import { describe, expect, test } from "vitest";
import { diffSides } from "../../../src/diff/diff-sides.ts";
import type { TrafficChange, TrafficDiff } from "../../../src/diff/traffic-diff.ts";
import { caseDocuments } from "../../harness/golden-cases.ts";
import { compiledSide, sideOf, told } from "../../harness/text-side.ts";

interface Documents {
  [index: number]: {
    metadata: { name: string };
    // biome-ignore lint/suspicious/noExplicitAny: documents are edited freely here
    spec: any;
    // biome-ignore lint/suspicious/noExplicitAny: documents are edited freely here
    endpoints: any[];
    ports: { name: string }[];
  };
}

interface Options {
  readonly mode?: "iptables" | "ipvs";
  readonly toMode?: "iptables" | "ipvs";
}

/** What changes when the documents of a golden case are edited: 0 is the Node, 1 the Service, 2 the slice. */
function diffEdited(
  edit: (documents: Documents) => void,
  { mode = "iptables", toMode = mode }: Options = {},
): TrafficDiff {
  const base = caseDocuments("service-python-nodeport");
  const head = structuredClone(base) as unknown as Documents & unknown[];
  edit(head);
  return diffSides(
    compiledSide("base", base, { node: "node1", mode }),
    compiledSide("head", head, { node: "node1", mode: toMode }),
  );
}

function find({ changes }: TrafficDiff, vip: string): TrafficChange {
  const found = changes.find((change) => change.vip === vip);
  if (found === undefined) throw new Error(`no change at ${vip}`);
  return found;
}

describe.each(["iptables", "ipvs"] as const)("diffSides in %s mode", (mode) => {
  test("says nothing of equal sides", () => {
    const { changes, rules } = diffEdited(() => {}, { mode });
    expect(changes).toEqual([]);
    expect(rules).toMatchObject([{ added: 0, changed: 0, removed: 0, moved: 0, chains: [] }]);
  });

  test("an endpoint less: shares, on every address of the service port", () => {
    const diff = diffEdited((documents) => documents[2]!.endpoints.pop(), { mode });
    expect(told(diff)).toEqual([
      "changed load-distribution 10.97.5.17:3000/TCP: endpoints 2 -> 1",
      "changed load-distribution nodePort 30080/TCP: endpoints 2 -> 1",
    ]);
    const change = find(diff, "10.97.5.17:3000/TCP");
    expect(change.endpoints).toEqual({
      added: [],
      removed: [{ target: "10.244.2.12:443", pod: undefined, node: undefined }],
    });
    expect(change.details).toContain("traffic per endpoint 50% -> 100%");
    expect(change.examplePacket).toEqual({
      from: "198.51.100.7",
      fromClass: "sources outside this node",
      entry: "outside",
      to: "10.97.5.17:3000",
      protocol: "tcp",
      was: "10.244.1.11:443 50%, 10.244.2.12:443 50%",
      now: "10.244.1.11:443",
    });
    // In ipvs mode a process that binds no address talks to a VIP from the VIP.
    const from =
      mode === "iptables" ? "any source" : "sources outside this node, pods of this node and the node itself";
    expect(change.before[0]).toMatchObject({ from, outcomes: [{ share: 0.5 }, { share: 0.5 }] });
    expect(change.after[0]).toMatchObject({ from, outcomes: [{ exact: "1", masquerade: false }] });
  });

  test("no endpoint left: access lost comes first", () => {
    const diff = diffEdited(
      (documents) => {
        documents[2]!.endpoints = [];
      },
      { mode },
    );
    expect(told(diff)).toEqual([
      "changed access-lost 10.97.5.17:3000/TCP: no endpoints left",
      "changed access-lost nodePort 30080/TCP: no endpoints left",
    ]);
    expect(find(diff, "10.97.5.17:3000/TCP").examplePacket).toMatchObject({ now: "rejected" });
  });

  test("a node port that opens widens access, one that closes loses it", () => {
    const close = (documents: Documents): void => {
      documents[1]!.spec.type = "ClusterIP";
      delete documents[1]!.spec.ports[0].nodePort;
    };
    expect(told(diffEdited(close, { mode }))).toEqual(["removed access-lost nodePort 30080/TCP: closes"]);
    const closed = structuredClone(caseDocuments("service-python-nodeport")) as unknown as Documents & unknown[];
    close(closed);
    const options = { node: "node1", mode };
    const diff = diffSides(
      compiledSide("base", closed, options),
      compiledSide("head", caseDocuments("service-python-nodeport"), options),
    );
    expect(told(diff)).toEqual(["added access-widened nodePort 30080/TCP: opens, 2 endpoints"]);
    expect(find(diff, "nodePort 30080/TCP").before).toEqual([]);
  });

  test("affinity alone", () => {
    const diff = diffEdited((documents) => Object.assign(documents[1]!.spec, { sessionAffinity: "ClientIP" }), {
      mode,
    });
    expect(told(diff)).toEqual([
      "changed affinity 10.97.5.17:3000/TCP: session affinity added (10800 s)",
      "changed affinity nodePort 30080/TCP: session affinity added (10800 s)",
    ]);
  });

  test("a port that gets a name is a rename: nothing changes for packets", () => {
    const diff = diffEdited(
      (documents) => {
        documents[1]!.spec.ports[0].name = "http";
        documents[2]!.ports[0]!.name = "http";
      },
      { mode },
    );
    expect(diff.changes).toEqual([]);
    expect(diff.rules).toMatchObject([{ added: 0, changed: 0, removed: 0 }]);
    if (mode === "iptables") {
      expect(diff.rules[0]!.moved).toBeGreaterThan(0);
      expect(new Set(diff.rules[0]!.chains.map(({ kind }) => kind))).toEqual(new Set(["renamed", "moved"]));
    }
  });

  test("policy Local: outside loses the endpoint of the other node and keeps its source", () => {
    const diff = diffEdited((documents) => Object.assign(documents[1]!.spec, { externalTrafficPolicy: "Local" }), {
      mode,
    });
    expect(diff.changes.map(({ vip }) => vip)).toContain("nodePort 30080/TCP");
    expect(find(diff, "nodePort 30080/TCP")).toMatchObject({
      endpoints: { removed: [{ target: "10.244.2.12:443" }] },
      examplePacket: { entry: "outside", now: "10.244.1.11:443" },
    });
  });
});

test("modes are compared by what they do", () => {
  const diff = diffEdited(() => {}, { mode: "iptables", toMode: "ipvs" });
  expect(told(diff)).toEqual([
    "changed access-widened packets in conntrack state INVALID: dropped -> not handled",
    "removed access-lost 127.0.0.1:30080/TCP: closes",
    "changed access-lost 10.97.5.17, other ports: not handled -> rejected",
    "changed source-address 10.97.5.17:3000/TCP: client IP is now preserved for 10.244.2.12:443",
  ]);
});

test("without KUBE-FIREWALL the network reaches what listens on 127.0.0.1 alone", () => {
  const side = (name: string, edit: (rules: string) => string) => {
    const [node] = compiledSide(name, caseDocuments("service-python-nodeport"), { node: "node1" }).nodes;
    const [part] = node!.texts.iptables;
    return sideOf(name, [{ ...node!, texts: { ...node!.texts, iptables: [{ ...part!, text: edit(part!.text) }] } }]);
  };
  const diff = diffSides(
    side("base", (text) => text),
    side("head", (text) => text.replace(/^-A KUBE-FIREWALL .*\n/m, "")),
  );
  expect(told(diff)).toEqual(["changed access-widened 127.0.0.1, other ports: dropped -> not handled"]);
});
