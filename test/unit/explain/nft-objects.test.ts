import { describe, expect, it } from "vitest";
import { chainGraph } from "../../../src/explain/chain/chain-graph.ts";
import { findChainOwner } from "../../../src/explain/chain/chain-owner.ts";
import { explainChain } from "../../../src/explain/chain/explain-chain.ts";
import { explainEntryIn, explainSets } from "../../../src/explain/chain/explain-set.ts";
import { readLine, readTexts } from "../../../src/explain/texts.ts";
import { ownerOf, purposeOf } from "../../../src/programs/registry.ts";
import { clusterCidr, compileFor, here, node, service, slice, there } from "../../harness/explain-objects.ts";

const compiled = () =>
  compileFor([node(), service(), slice([here, there])], { config: clusterCidr, mode: "nftables" as const });
const everywhere = { name: undefined, table: undefined };

describe("objects of nftables", () => {
  const { facts, texts } = compiled();
  const own = texts.chains.find(({ name }) => name.startsWith("service-"))?.name ?? "";
  const named = (name: string) => ({ name, table: undefined });

  it("a chain has its owner by name, with shares of each endpoint", () => {
    expect(findChainOwner(own, facts)).toMatchObject({ port: "shop/web:http", role: "SVC" });
    const [place] = explainChain(named(own), texts, (name) => findChainOwner(name, facts)?.port);
    expect(place).toMatchObject({
      table: "ip kube-proxy",
      family: "ipv4",
      purpose: "balances traffic for shop/web:http over its endpoints in the cluster",
      reachedFrom: ["nat-output", "nat-prerouting"],
      leadingHere: [],
    });
    expect(place?.elementsLeadingHere.map(({ chain, text }) => [chain, text])).toEqual([
      ["service-ips", `10.96.0.20 . tcp . 80 : goto ${own}`],
    ]);
    expect(place?.rules.flatMap(({ branches }) => branches)).toEqual([
      { key: "", to: "10.0.1.5:8080", share: { part: 0.5, exact: "1/2" } },
      { key: "", to: "10.0.2.6:8080", share: { part: 0.5, exact: "1/2" } },
    ]);
  });

  it("a map has its elements in words, and the rules that look it up", () => {
    const [map] = explainSets(named("service-ips"), texts);
    expect(map).toMatchObject({ kind: "map", table: "ip kube-proxy" });
    expect(map?.entries.map(({ words }) => words)).toEqual([
      `10.96.0.20, TCP, port 80: go to ${own} without returning to this chain`,
    ]);
    expect(map?.rules.map(({ chain }) => chain)).toEqual(["services"]);
    expect(explainEntryIn("10.96.0.20 . tcp . 80", everywhere, texts)).toHaveLength(1);
    expect(explainEntryIn("10.96.0.20 . tcp . 80", { ...everywhere, table: "ip6 kube-proxy" }, texts)).toEqual([]);
  });

  it("is drawn with one edge for the elements that lead to one chain, and few of a large map", () => {
    const elements = Array.from({ length: 30 }, (_, at) => `10.0.0.${at} : goto c${Math.floor(at / 1.2)}`);
    const text = [
      "table ip t {",
      `\tmap m {\n\t\ttype ipv4_addr : verdict\n\t\telements = { ${elements.join(", ")} }\n\t}`,
      "\tchain a {\n\t\ttype nat hook prerouting priority 0; policy accept;\n\t\tip daddr vmap @m\n\t}",
      ...Array.from({ length: 25 }, (_, at) => `\tchain c${at} {\n\t\tdrop\n\t}`),
      "}\n",
    ].join("\n");
    const large = readTexts([{ language: "nftables", family: undefined, file: "x", text, origins: [] }]);
    const graph = chainGraph(large, ({ chain }) => chain === "a");
    expect(graph.more).toBe(5);
    expect(graph.edges.find(({ to }) => to.endsWith(" c0"))?.words).toBe("10.0.0.0 and 1 more");
  });
});

describe("a line", () => {
  it.each([
    ["chain services {", { kind: "object", name: "services" }],
    ["ip kube-proxy services", { kind: "object", name: "services", table: "ip kube-proxy" }],
    ["add chain inet firewalld x", { kind: "object", name: "x", table: "inet firewalld" }],
    ["tcp . 30080 : goto external-x,", { kind: "entries", texts: ["tcp . 30080 : goto external-x"] }],
    ["elements = { 10.0.0.1, 10.0.0.2 }", { kind: "entries", texts: ["10.0.0.1", "10.0.0.2"] }],
    ["add element ip t s { 10.0.0.1 }", { kind: "entries", texts: ["10.0.0.1"], table: "ip t", name: "s" }],
    ["ip saddr 10.0.0.1 drop", { kind: "rule", rule: { target: "drop silently", chain: undefined } }],
    ["ip saddr 10.0.0.1", { kind: "rule" }],
    ["add rule ip t c tcp dport 80 accept", { kind: "rule", rule: { table: "ip t", chain: "c" } }],
    ["add KUBE-CLUSTER-IP 10.0.0.1,tcp:80", { kind: "entries" }],
    ["-A -t 10.0.0.1:80 -s rr", { kind: "entries" }],
    ["-A INPUT -j DROP", { kind: "rule", rule: { chain: "INPUT" } }],
    [":INPUT ACCEPT [0:0]", { kind: "object", name: "INPUT" }],
  ])("%s", (line, expected) => {
    expect(readLine(line)).toMatchObject(expected);
  });

  it.each(["shop/web", "KUBE-SERVICES", "service-ips", "drop", "no rule at all", ""])("not %j", (line) => {
    expect(readLine(line)).toBeUndefined();
  });
});

it("names of kube-proxy's table belong to it alone", () => {
  const known = (kind: "chain" | "set", name: string) =>
    ["ip kube-proxy", "inet firewalld"].map((table) => purposeOf({ kind, table, name }, undefined) !== undefined);
  expect(known("chain", "services")).toEqual([true, false]);
  expect(known("set", "cluster-ips")).toEqual([true, false]);
  expect(ownerOf({ kind: "chain", table: "ip kube-proxy", name: "mine" })).toBeUndefined();
});
