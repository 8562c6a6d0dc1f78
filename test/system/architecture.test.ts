import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  filesAskingMode,
  filesDeclaring,
  filesKnowingTool,
  filesReadingRules,
} from "../../scripts/structure/knowledge.mjs";
import { compareWithKnown, findOffenders, keyOf, type Offender, type Rules } from "../../scripts/structure/rules.mjs";
import { edgesOf, parseSources, readTexts } from "../../scripts/structure/sources.mjs";

const folder = new URL("../../scripts/structure/", import.meta.url);
const rules: Rules = JSON.parse(readFileSync(new URL("layers.json", folder), "utf8"));
const known: readonly string[] = JSON.parse(readFileSync(new URL("known.json", folder), "utf8"));

function offendersOf(files: Readonly<Record<string, string>>, { layers = [], walls = [] }: Partial<Rules> = {}) {
  return offendersIn(new Map(Object.entries(files)), { layers, walls });
}

function offendersIn(texts: ReadonlyMap<string, string>, ruled: Rules): readonly Offender[] {
  return findOffenders(edgesOf(parseSources(texts)), ruled);
}

function described({ rule, from, to, why }: Offender): string {
  return `${rule}: ${from} -> ${to} (${why})`;
}

describe("imports of src/", () => {
  const texts = readTexts(fileURLToPath(new URL("../../src", import.meta.url)));
  const { added, gone } = compareWithKnown(offendersIn(texts, rules), known);

  it("go round in no circle, point to no higher layer, over no wall, and siblings do not import each other", () => {
    expect(added.map(described)).toEqual([]);
  });

  it("are no longer listed in scripts/structure/known.json once they are gone", () => {
    expect(gone).toEqual([]);
  });

  it("are read from every file", () => {
    expect(texts.size).toBeGreaterThan(300);
    expect(edgesOf(parseSources(texts)).length).toBeGreaterThan(texts.size);
  });
});

describe("a made-up tree", () => {
  const layers = [["low"], ["high"], ["a", "b"]];

  it.each([
    ["static imports", 'import { b } from "./b.ts";'],
    ["imports over several lines", 'import {\n  b,\n  c,\n} from "./b.ts";'],
    ["imports for their effect", 'import "./b.ts";'],
    ["type-only imports", 'import type { B } from "./b.ts";'],
    ["re-exports", 'export { b } from "./b.ts";'],
    ["re-exports of all", 'export * from "./b.ts";'],
    ["import()", 'export const load = async () => await import("./b.ts");'],
    ["import types", 'export type B = import("./b.ts").B;'],
  ])("with a cycle of %s", (_, text) => {
    const offenders = offendersOf({ "a/a.ts": text, "a/b.ts": 'import "./a.ts";' }, { layers });
    expect(offenders.map(described)).toEqual([
      "cycle: a/a.ts -> a/b.ts (a cycle of 2 files)",
      "cycle: a/b.ts -> a/a.ts (a cycle of 2 files)",
    ]);
  });

  it("with a long cycle, and files beside it", () => {
    const files = {
      "a/one.ts": 'import "./two.ts";\nimport "./leaf.ts";',
      "a/two.ts": 'import "./three.ts";',
      "a/three.ts": 'import "./one.ts";',
      "a/leaf.ts": "",
      "a/root.ts": 'import "./one.ts";',
    };
    expect(offendersOf(files, { layers }).map(keyOf)).toEqual([
      "cycle: a/one.ts -> a/two.ts",
      "cycle: a/two.ts -> a/three.ts",
      "cycle: a/three.ts -> a/one.ts",
    ]);
  });

  it("with a file that imports itself", () => {
    const offenders = offendersOf({ "a/one.ts": 'import "./one.ts";' }, { layers });
    expect(offenders.map(keyOf)).toEqual(["cycle: a/one.ts -> a/one.ts"]);
  });

  it("with an import of a higher layer", () => {
    const files = { "low/a.ts": 'import type { B } from "../high/b.ts";', "high/b.ts": "" };
    expect(offendersOf(files, { layers }).map(described)).toEqual(["layer: low/a.ts -> high/b.ts (low is below high)"]);
  });

  it("with imports of lower layers, of the same one, and of all by the file at the top", () => {
    const files = {
      "index.ts": 'export * from "./high/b.ts";\nexport * from "./low/a.ts";',
      "high/b.ts": 'import "../low/a.ts";',
      "low/a.ts": 'import "./deep/c.ts";',
      "low/deep/c.ts": "",
    };
    expect(offendersOf(files, { layers })).toEqual([]);
  });

  it("with an import of the file at the top", () => {
    const files = { "index.ts": "", "high/b.ts": 'import "../index.ts";' };
    expect(offendersOf(files, { layers }).map(described)).toEqual([
      "layer: high/b.ts -> index.ts (high is below index.ts)",
    ]);
  });

  it("with a folder inside another that is a layer of its own", () => {
    const files = { "low/a.ts": 'import "./upper/b.ts";', "low/upper/b.ts": "" };
    expect(offendersOf(files, { layers: [["low"], ["low/upper"]] }).map(described)).toEqual([
      "layer: low/a.ts -> low/upper/b.ts (low is below low/upper)",
    ]);
  });

  it("with a folder that is in no layer", () => {
    const files = { "other/a.ts": 'import "../low/b.ts";', "low/b.ts": "" };
    expect(offendersOf(files, { layers }).map(described)).toEqual([
      "layer: other/a.ts -> low/b.ts (no layer holds other/a.ts)",
    ]);
  });

  it("with siblings that import each other: the fewer imports are named", () => {
    const files = {
      "a/x/one.ts": 'import "../y/two.ts";',
      "a/x/four.ts": 'import "../y/two.ts";',
      "a/y/two.ts": "",
      "a/y/three.ts": 'import "../x/one.ts";',
    };
    expect(offendersOf(files, { layers }).map(described)).toEqual([
      "siblings: a/y/three.ts -> a/x/one.ts (a/y and a/x import each other)",
    ]);
  });

  it("with siblings that import each other as often: one direction is named", () => {
    const files = {
      "a/one.ts": 'import "../b/two.ts";',
      "a/two.ts": "",
      "b/two.ts": "",
      "b/one.ts": 'import "../a/two.ts";',
    };
    expect(offendersOf(files, { layers }).map(keyOf)).toEqual(["siblings: b/one.ts -> a/two.ts"]);
  });

  it("with a folder that imports what a wall keeps from it", () => {
    const files = { "high/a.ts": 'import "../low/b.ts";\nimport "./c.ts";', "high/c.ts": "", "low/b.ts": "" };
    const never = offendersOf(files, { layers, walls: [{ folder: "high", never: ["low"] }] });
    expect(never.map(keyOf)).toEqual(["wall: high/a.ts -> low/b.ts"]);
    const only = offendersOf(files, { layers, walls: [{ folder: "high", only: ["lower"] }] });
    expect(only.map(keyOf)).toEqual(["wall: high/a.ts -> low/b.ts"]);
    expect(offendersOf(files, { layers, walls: [{ folder: "high", only: ["low"] }] })).toEqual([]);
  });
});

describe("the list of known offenders", () => {
  const offenders = offendersOf(
    { "low/a.ts": 'import "../high/b.ts";', "high/b.ts": "" },
    { layers: [["low"], ["high"]] },
  );

  it("lets through what it names, and nothing else", () => {
    expect(compareWithKnown(offenders, ["layer: low/a.ts -> high/b.ts"])).toEqual({ added: [], gone: [] });
    expect(compareWithKnown(offenders, []).added).toEqual(offenders);
  });

  it("may not name what is gone", () => {
    const stale = "layer: low/a.ts -> high/c.ts";
    expect(compareWithKnown(offenders, ["layer: low/a.ts -> high/b.ts", stale]).gone).toEqual([stale]);
  });
});

describe("files outside programs/ and languages/", () => {
  const texts = {
    "plan/compared.ts": 'export const a = (mode: string) => mode === "ipvs";',
    "plan/case.ts": 'switch (mode) { case "nftables": break; }',
    "plan/called.ts": "if (isIpvs(cluster)) go();",
    "plan/mentioned.ts": '// mode === "ipvs"\nexport const modes = ["iptables", "ipvs"];',
    "programs/kube-proxy/compared.ts": 'export const a = (mode: string) => mode === "ipvs";',
    "plan/imports.ts": 'import type { Rule } from "../languages/iptables/parse.ts";',
    "plan/imports-program.ts": 'import { names } from "../programs/kube-proxy/names.ts";',
    "plan/imports-registry.ts": 'import { languages } from "../languages/registry.ts";',
    "plan/registry.ts": 'import "../languages/iptables/parse.ts";',
    "languages/iptables/parse.ts": 'export const isEnd = (line: string) => line === "COMMIT";',
    "languages/registry.ts": 'import "./iptables/parse.ts";',
    "programs/kube-proxy/names.ts": "",
    "report/pattern.ts": "export const chain = (line: string) => /^-A (\\S+)/.exec(line);",
    "report/prefix.ts": 'export const isChain = (line: string) => line.startsWith(":");',
    "report/end.ts": 'export const isEnd = (line: string) => line === "COMMIT";',
    "report/writes.ts": 'export const lines = ["*nat", "-A KUBE-SERVICES", "COMMIT"];\nexport interface ToolText {}',
  };
  const sources = parseSources(new Map(Object.entries(texts)));

  it("that ask for the mode", () => {
    expect(filesAskingMode(sources)).toEqual(["plan/compared.ts", "plan/case.ts", "plan/called.ts"]);
  });

  it("that import the folder of a tool or program", () => {
    expect(filesKnowingTool(edgesOf(sources))).toEqual(["plan/imports.ts", "plan/imports-program.ts"]);
  });

  it("that take lines of iptables-save apart", () => {
    expect(filesReadingRules(sources)).toEqual(["report/pattern.ts", "report/prefix.ts", "report/end.ts"]);
  });

  it("that declare a type", () => {
    expect(filesDeclaring(sources, "ToolText")).toEqual(["report/writes.ts"]);
  });
});
