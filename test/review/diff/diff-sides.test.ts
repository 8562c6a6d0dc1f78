import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { diffSides } from "../../../src/review/diff/diff-sides.ts";
import type { TrafficChange, TrafficDiff } from "../../../src/review/diff/traffic-diff.ts";
import { compiledSide, nodeOf, sideOf } from "./text-side.ts";

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

function load(name: string): readonly unknown[] {
  const text = readFileSync(new URL(`../../../golden/${name}/cluster.yaml`, import.meta.url), "utf8");
  return parseAllDocuments(text).map((document) => document.toJS());
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
  const base = load("service-python-nodeport");
  const head = structuredClone(base) as unknown as Documents & unknown[];
  edit(head);
  return diffSides(
    compiledSide("base", base, { node: "node1", mode }),
    compiledSide("head", head, { node: "node1", mode: toMode }),
  );
}

function told({ changes }: TrafficDiff): readonly string[] {
  return changes.map(({ kind, severity, vip, headline }) => `${kind} ${severity} ${vip}: ${headline}`);
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
      "changed shares 10.97.5.17:3000/TCP: endpoints 2 -> 1",
      "changed shares nodePort 30080/TCP: endpoints 2 -> 1",
    ]);
    const change = find(diff, "10.97.5.17:3000/TCP");
    expect(change.endpoints).toEqual({
      added: [],
      removed: [{ target: "10.244.2.12:443", pod: undefined, node: undefined }],
    });
    expect(change.details).toContain("share per endpoint 50 % -> 100 %");
    expect(change.witness).toEqual({
      from: "198.51.100.7",
      fromClass: "outside",
      entry: "outside",
      to: "10.97.5.17:3000",
      protocol: "tcp",
      was: "10.244.1.11:443 50 %, 10.244.2.12:443 50 %",
      now: "10.244.1.11:443",
    });
    // In ipvs mode a process that binds no address talks to a VIP from the VIP.
    const from = mode === "iptables" ? "any source" : "outside, pods of this node and the node itself";
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
    expect(find(diff, "10.97.5.17:3000/TCP").witness).toMatchObject({ now: "rejected" });
  });

  test("a node port that opens widens access, one that closes loses it", () => {
    const close = (documents: Documents): void => {
      documents[1]!.spec.type = "ClusterIP";
      delete documents[1]!.spec.ports[0].nodePort;
    };
    expect(told(diffEdited(close, { mode }))).toEqual(["removed access-lost nodePort 30080/TCP: closes"]);
    const closed = structuredClone(load("service-python-nodeport")) as unknown as Documents & unknown[];
    close(closed);
    const options = { node: "node1", mode };
    const diff = diffSides(
      compiledSide("base", closed, options),
      compiledSide("head", load("service-python-nodeport"), options),
    );
    expect(told(diff)).toEqual(["added access-widened nodePort 30080/TCP: opens, 2 endpoints"]);
    expect(find(diff, "nodePort 30080/TCP").before).toEqual([]);
  });

  test("affinity alone", () => {
    const diff = diffEdited((documents) => Object.assign(documents[1]!.spec, { sessionAffinity: "ClientIP" }), {
      mode,
    });
    expect(told(diff)).toEqual([
      "changed affinity 10.97.5.17:3000/TCP: clients stay at their endpoint for 10800 s now",
      "changed affinity nodePort 30080/TCP: clients stay at their endpoint for 10800 s now",
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
      witness: { entry: "outside", now: "10.244.1.11:443" },
    });
  });
});

test("modes are compared by what they do", () => {
  const diff = diffEdited(() => {}, { mode: "iptables", toMode: "ipvs" });
  expect(told(diff)).toEqual([
    "changed access-widened packets that conntrack calls INVALID: dropped -> goes on untouched",
    "removed access-lost 127.0.0.1:30080/TCP: closes",
    "changed access-lost 10.97.5.17, other ports: goes on untouched -> rejected",
    "changed source-address 10.97.5.17:3000/TCP: source address is kept now, as seen by 10.244.2.12:443",
  ]);
});

test("without KUBE-FIREWALL the network reaches what listens on 127.0.0.1 alone", () => {
  const side = (name: string, edit: (rules: string) => string) => {
    const [node] = compiledSide(name, load("service-python-nodeport"), { node: "node1" }).nodes;
    const [part] = node!.texts.iptables;
    return sideOf(name, [{ ...node!, texts: { ...node!.texts, iptables: [{ ...part!, text: edit(part!.text) }] } }]);
  };
  const diff = diffSides(
    side("base", (text) => text),
    side("head", (text) => text.replace(/^-A KUBE-FIREWALL .*\n/m, "")),
  );
  expect(told(diff)).toEqual(["changed access-widened 127.0.0.1, other ports: dropped -> goes on untouched"]);
});

describe("text of any origin", () => {
  const rules = [
    "*nat",
    ":PREROUTING ACCEPT [0:0]",
    ":A - [0:0]",
    ":B - [0:0]",
    "-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j A",
    "-A PREROUTING -d 10.0.0.2/32 -p tcp -m tcp --dport 80 -j B",
    "-A A -p tcp -m tcp -j DNAT --to-destination 10.1.0.1:80",
    "-A B -p tcp -m tcp -j DNAT --to-destination 10.1.0.2:80",
    "COMMIT",
  ];
  const diffRules = (base: readonly string[], head: readonly string[]): TrafficDiff =>
    diffSides(
      sideOf("a.save", [nodeOf("n", { rules: `${base.join("\n")}\n` })]),
      sideOf("b.save", [nodeOf("n", { rules: `${head.join("\n")}\n` })]),
    );
  const edited = (from: string | RegExp, to: string): readonly string[] => rules.map((line) => line.replace(from, to));

  test("order, comments, counters and dates are cosmetic", () => {
    const shuffled = [
      "# Generated by iptables-save v1.8.9 on Sat Nov 21 12:00:00 2026",
      ...rules.slice(0, 4),
      `[12:345] ${rules[5]}`,
      `[1:2] ${rules[4]?.replace(" -j", ' -m comment --comment "x -j y" -j')}`,
      ...rules.slice(6),
      "# Completed",
    ];
    const diff = diffRules(rules, shuffled);
    expect(diff.changes).toEqual([]);
    expect(diff.rules).toMatchObject([{ added: 0, changed: 0, removed: 0, moved: 1 }]);
  });

  test("two rules for the same packets: their order matters", () => {
    const twice = [...rules.slice(0, 5), String(rules[4]).replace(/A$/, "B"), ...rules.slice(5)];
    const swapped = [...twice.slice(0, 4), twice[5] ?? "", twice[4] ?? "", ...twice.slice(6)];
    const diff = diffRules(twice, swapped);
    expect(told(diff)).toEqual(["changed shares 10.0.0.1:80/TCP: endpoints replaced"]);
  });

  test("a foreign rule with a match that nobody can answer divides the packets, and says so", () => {
    const head = [...rules.slice(0, 4), "-A PREROUTING -m bpf --bytecode x -j ACCEPT", ...rules.slice(4)];
    const { changes } = diffRules(rules, head);
    expect(changes.map(({ vip }) => vip)).toEqual(["10.0.0.1:80/TCP", "10.0.0.2:80/TCP"]);
    expect(changes[0]?.details).toContain("depends on what nobody can tell from the text: -m bpf --bytecode x");
    expect(changes[0]?.after).toMatchObject([
      { from: "outside", outcomes: [{ assuming: ["not -m bpf --bytecode x"] }, { assuming: ["-m bpf --bytecode x"] }] },
      { from: "the node itself" },
    ]);
    expect(diffRules(head, head).changes).toEqual([]);
  });

  test("a logging rule is no change for packets", () => {
    const head = [...rules.slice(0, 4), "-A PREROUTING -m limit --limit 3/min -j LOG", ...rules.slice(4)];
    expect(diffRules(rules, head).changes).toEqual([]);
  });

  test("sources that are let in are named", () => {
    const head = edited("-d 10.0.0.1/32 -p", "-s 203.0.113.0/24 -d 10.0.0.1/32 -p");
    const [change] = diffRules(rules, head).changes;
    expect(change).toMatchObject({
      severity: "access-lost",
      witness: { fromClass: "outside but 203.0.113.0/24", was: "10.1.0.1:80", now: "untouched" },
    });
  });

  test("a threshold that is one off is the rounding of 1/n; one that is not, is other shares", () => {
    const balanced = [
      ...edited(
        "-A A -p tcp -m tcp -j",
        "-A A -p tcp -m tcp -m statistic --mode random --probability 0.50000000000 -j",
      ).slice(0, 7),
      "-A A -p tcp -m tcp -j DNAT --to-destination 10.1.0.3:80",
      ...rules.slice(7),
    ];
    const other = (share: string) => balanced.map((line) => line.replace("0.50000000000", share));
    expect(diffRules(balanced, other("0.50000000047")).changes).toEqual([]);
    expect(told(diffRules(balanced, other("0.40000000037")))).toEqual(["changed shares 10.0.0.1:80/TCP: other shares"]);
  });

  test("a default policy of DROP concerns everything", () => {
    const head = [...rules, "*filter", ":FORWARD DROP [0:0]", "COMMIT"];
    expect(diffRules(rules, head).changes.map(({ vip, severity }) => `${severity} ${vip}`)).toEqual([
      "access-lost 10.0.0.1, other ports",
      "access-lost 10.0.0.1:80/TCP",
      "access-lost 10.0.0.2, other ports",
      "access-lost 10.0.0.2:80/TCP",
      "access-lost everything else",
      "access-lost packets that conntrack calls ESTABLISHED",
      "access-lost packets that conntrack calls INVALID",
    ]);
  });
});

describe("nodes", () => {
  const node = (name: string, to: string) =>
    nodeOf(name, { rules: `*nat\n-A PREROUTING -d 10.0.0.1/32 -j DNAT --to-destination ${to}:80\nCOMMIT\n` });

  test("that change alike are one entry; the others are named", () => {
    const base = sideOf("a", [node("n1", "10.1.0.1"), node("n2", "10.1.0.1"), node("n3", "10.1.0.1")]);
    const head = sideOf("b", [node("n1", "10.1.0.2"), node("n2", "10.1.0.2"), node("n3", "10.1.0.1")]);
    const diff = diffSides(base, head);
    expect(diff.nodes).toEqual(["n1", "n2", "n3"]);
    expect(diff.changes.map(({ nodes }) => nodes)).toEqual([["n1", "n2"]]);
    expect(diff.rules.map(({ nodes }) => nodes)).toEqual([["n1", "n2"], ["n3"]]);
  });

  test("of another name are compared when there is one on each side, and it is said", () => {
    const diff = diffSides(sideOf("a", [node("n1", "10.1.0.1")]), sideOf("b", [node("n2", "10.1.0.2")]));
    expect(diff.changes).toHaveLength(1);
    expect(diff.assumptions).toContain("n1 is compared with n2");
  });

  test("that only one side has are told", () => {
    const base = sideOf("a", [node("n1", "10.1.0.1"), node("n2", "10.1.0.1")]);
    const diff = diffSides(base, sideOf("b", [node("n1", "10.1.0.1")]));
    expect(diff.nodes).toEqual(["n1"]);
    expect(diff.assumptions).toContain("n2 is only in a, so nothing in b is compared with it");
  });
});
