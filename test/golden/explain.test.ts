import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tracedModes as modes } from "../../scripts/golden/generate-case.mjs";
import { compileNode, readCluster } from "../../src/compile/compile.ts";
import { createSink } from "../../src/diagnostics/diagnostic.ts";
import { chainGraph } from "../../src/explain/chain/chain-graph.ts";
import { findChainOwner } from "../../src/explain/chain/chain-owner.ts";
import { explainChain } from "../../src/explain/chain/explain-chain.ts";
import { explainSets } from "../../src/explain/chain/explain-set.ts";
import { explainNode } from "../../src/explain/explain-node.ts";
import { explainServiceOn } from "../../src/explain/explain-service.ts";
import { explainSliceOn } from "../../src/explain/explain-slice.ts";
import { nodeFacts } from "../../src/explain/not-programmed/not-programmed.ts";
import { ownLines } from "../../src/explain/service-lines.ts";
import { lineAt, readTexts, textsOfScript } from "../../src/explain/texts.ts";
import { readInputs } from "../../src/host/files/read-inputs.ts";
import type { ProxyMode } from "../../src/model/proxy-configuration/proxy-configuration.ts";
import { renderChain, renderSet } from "../../src/report/explain/chain.ts";
import { drawings } from "../../src/report/explain/graph.ts";
import { caseFolder, goldenCases } from "../harness/golden-cases.ts";

const cases = goldenCases().filter((name) => !name.endsWith("-invalid"));

/** A golden case, compiled for node1 in a mode; undefined where it is not meant for that mode. */
async function compileCase(name: string, mode: ProxyMode) {
  const sink = createSink();
  const files = ["cluster.yaml", "kube-proxy.yaml"].map((file) => join(caseFolder(name), file)).filter(existsSync);
  const inputs = await readInputs({ filenames: files, recursive: false, proxyConfig: undefined, overlays: [] }, sink);
  const documents = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  const cluster = readCluster(documents, { proxyConfigDocument: undefined, overlaysFrom: undefined }, { mode }, sink);
  const { script, plan } = compileNode(cluster, "node1", { origins: true }, sink);
  return script && plan && { facts: nodeFacts(cluster, plan, documents), texts: readTexts(textsOfScript(script)) };
}

/** What is said of the objects of nftables, as people read it. */
describe.each([
  ["affinity-clientip", ["services", "service-ips", "service-RGSFJTGU-default/cart/tcp/"]],
  ["loadbalancer-source-ranges", ["firewall-check", "firewall-ips", "firewall-", "external-", "no-endpoint-services"]],
] as const)("%s in nftables mode", (name, asked) => {
  it("explains its chains and maps", async () => {
    const compiled = await compileCase(name, "nftables");
    if (compiled === undefined) throw new Error("not compiled");
    const { facts, texts } = compiled;
    const ownerOf = (chain: string) => findChainOwner(chain, facts)?.port;
    const rendering = { sourceOf: () => undefined, strong: (text: string) => text, listsRules: true };
    const shown = asked.map((start) => {
      const of = [...texts.chains, ...texts.sets].find(
        (each) => each.name === start || (start.endsWith("-") && each.name.startsWith(start)),
      );
      const wanted = { name: of?.name ?? start, table: undefined };
      const nodes = [facts.name];
      if (of?.kind !== "chain")
        return renderSet(
          { name: wanted.name, parts: explainSets(wanted, texts).map((set) => ({ nodes, ...set })) },
          rendering,
        );
      const part = { nodes, places: explainChain(wanted, texts, ownerOf), absent: undefined };
      return renderChain({ name: wanted.name, parts: [part] }, rendering);
    });
    await expect(shown.join("\n")).toMatchFileSnapshot(join(caseFolder(name), "explain.nftables.txt"));
  });
});

describe.each(modes)("golden cases in %s mode", (mode) => {
  it.each(cases)("%s: every line is somebody's, shares sum to one", async (name) => {
    const compiled = await compileCase(name, mode);
    if (compiled === undefined) return;
    const { facts, texts } = compiled;
    const parts = facts.cluster.services.map((service) => explainServiceOn(service, facts, texts));
    const explained = new Set(parts.flatMap(({ lines }) => lines.map(({ file, line }) => `${file}:${line}`)));
    const caused = ownLines(texts, (_text, _chain, cause) => cause !== undefined && cause.object !== "kube-proxy");
    expect(caused.filter(({ file, line }) => !explained.has(`${file}:${line}`))).toEqual([]);
    for (const { endpoints } of parts.flatMap(({ ports }) => ports)) {
      const internal = endpoints.flatMap((endpoint) =>
        endpoint.internal === undefined ? [] : [endpoint.internal.part],
      );
      if (internal.length > 0) expect(internal.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 8);
    }
    const told = [...parts, ...facts.cluster.slices.map((slice) => explainSliceOn(slice, facts, texts))];
    for (const { what, why } of told.flatMap(({ omissions }) => omissions)) {
      expect(`${what}: ${why}`).not.toMatch(/undefined|null|\.$| {2}/);
    }
    expect(explainNode(facts, texts).lines.total).toBeGreaterThan(0);
    const graph = chainGraph(texts, ({ chain }) => chain === "KUBE-SERVICES" || chain === "services");
    for (const draw of Object.values(drawings)) expect(draw(graph)).not.toMatch(/undefined|NaN/);
    // Every line is one that can be asked about, and is understood.
    for (const { file, numbers, rules } of [...texts.chains, ...texts.sets]) {
      for (const line of numbers) expect(lineAt(texts, file, line)?.kind).toMatch(/^(?:rule|entries)$/);
      expect(rules.map((rule) => rule.inWords()).filter((words) => words.includes("not understood"))).toEqual([]);
    }
  });
});
