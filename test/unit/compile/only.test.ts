import { describe, expect, it } from "vitest";
import { compileNode, readCluster } from "../../../src/compile/compile.ts";
import { createSink } from "../../../src/diagnostics/diagnostic.ts";
import { artifactsOf, type LineOrigin } from "../../../src/ir/artifact.ts";
import { caseDocuments, caseFolder, goldenCases, modesOf, readCase } from "../../harness/golden-cases.ts";

interface Text {
  readonly lines: readonly string[];
  readonly origins: readonly LineOrigin[];
}

/** The texts of a compilation by file. */
type Texts = ReadonlyMap<string, Text>;

describe("compileNode with `only`", () => {
  const objectsOf = (texts: Texts): readonly string[] => [
    ...new Set([...texts.values()].flatMap(({ origins }) => origins.map(({ object }) => object))),
  ];
  const names = goldenCases().filter((name) => /^(?:affinity|dual-stack|external-ips-shared|ipvs-source)/.test(name));

  it.each(names.flatMap((name) => modesOf(name).map((mode) => [name, mode] as const)))(
    "%s, %s mode: the lines of an object and those that always exist, each at its place",
    (name, mode) => {
      const [documents, { node }] = [caseDocuments(name), readCase(caseFolder(name))];
      const compile = (isAsked?: (object: string) => boolean): Texts => {
        const sink = createSink();
        const roles = { proxyConfigDocument: undefined, overlaysFrom: undefined };
        const cluster = readCluster(documents, roles, { mode }, sink);
        const only =
          isAsked &&
          (({ kind, namespace, name }: { kind: string; namespace: string; name: string }) =>
            isAsked(`${kind} ${namespace}/${name}`));
        const { script } = compileNode(cluster, node, { mode, origins: true, only }, sink);
        const artifacts = script === undefined ? [] : artifactsOf(script);
        return new Map(artifacts.map(({ file, text, origins }) => [file, { lines: text.split("\n"), origins }]));
      };
      const whole = compile();
      for (const asked of objectsOf(whole)) {
        for (const [file, { lines, origins }] of compile((object) => object === asked)) {
          const all = whole.get(file);
          const own = (all?.origins ?? []).filter(({ object }) => object === asked || object === "kube-proxy");
          expect(origins, file).toEqual(own);
          const numbers = new Set(own.map(({ line }) => line));
          const traced = new Set((all?.origins ?? []).map(({ line }) => line));
          const expected = all?.lines.map((line, at) => (numbers.has(at + 1) || !traced.has(at + 1) ? line : ""));
          expect(lines, file).toEqual(expected);
        }
      }
    },
  );
});
