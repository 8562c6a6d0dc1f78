import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { modes } from "../../scripts/golden/generate-case.mjs";
import { checkCluster } from "../../src/check/state/check-state.ts";
import { compile } from "../../src/compile/compile.ts";
import { createSink } from "../../src/diagnostics/diagnostic.ts";
import { isRecord } from "../../src/model/fields/fields.ts";
import { makeSnapshot } from "../../src/snapshot/make-snapshot.ts";
import { printSnapshot } from "../../src/snapshot/print-snapshot.ts";
import { createRedactor } from "../../src/snapshot/redact.ts";
import { shuffled } from "../harness/cluster-objects.ts";
import { caseDocuments, documentsIn, goldenCases } from "../harness/golden-cases.ts";

const cases = goldenCases();

function valuesIn(name: string): readonly unknown[] {
  return ["cluster.yaml", "kube-proxy.yaml"].flatMap((file) => caseDocuments(name, file));
}

function snapshotText(values: readonly unknown[]): string {
  return printSnapshot(makeSnapshot(values), "yaml");
}

/** What a compilation for the first node writes, in each mode; undefined where it refuses. */
function textsOf(values: readonly unknown[], node?: string): readonly (string | undefined)[] {
  const decoder = new TextDecoder();
  return modes.map((mode) => {
    const { script } = compile(values, { mode, node: node ?? firstNode(values) });
    return script?.steps.map(({ argv, stdin }) => `${argv.join(" ")}\n${decoder.decode(stdin)}`).join("\n");
  });
}

function firstNode(values: readonly unknown[]): string | undefined {
  const [node] = makeSnapshot(values).filter(({ kind }) => kind === "Node");
  return node?.name;
}

describe("of every golden case", () => {
  it.each(cases)("%s: the snapshot compiles to what the case compiles to, in any order of the input", (name) => {
    const values = valuesIn(name);
    const text = snapshotText(values);
    expect(snapshotText(shuffled(values))).toBe(text);
    expect(textsOf(documentsIn(text))).toEqual(textsOf(values));
    expect(snapshotText(documentsIn(text))).toBe(text);
  });

  it.each(cases)("%s: check finds in the snapshot what it finds in the case", (name) => {
    const values = valuesIn(name);
    // Of fields that no API server would keep there is nothing in a snapshot.
    const codes = (documents: readonly unknown[]): readonly string[] =>
      findings(documents).filter((code) => !code.startsWith("field-unknown"));
    expect(codes(documentsIn(snapshotText(values)))).toEqual(codes(values));
  });

  it.each(cases)("%s: the redacted snapshot compiles to as many lines", (name) => {
    const values = valuesIn(name);
    const redact = createRedactor((text) => createHmac("sha256", "key").update(text).digest("hex"));
    const nodes = makeSnapshot(values).filter(({ kind }) => kind === "Node");
    const [node] = nodes.map(({ value }) => redact(value));
    const nodeName = isRecord(node) && isRecord(node.metadata) ? String(node.metadata.name) : undefined;
    const redacted = makeSnapshot(values).map(({ value }) => redact(value));
    const counts = (texts: readonly (string | undefined)[]) => texts.map((text) => text?.split("\n").length);
    expect(counts(textsOf(redacted, nodeName))).toEqual(counts(textsOf(values)));
  });
});

function findings(documents: readonly unknown[]): readonly string[] {
  const sink = createSink();
  const roles = { proxyConfigDocument: undefined, overlaysFrom: undefined };
  checkCluster({ documents, roles, options: {}, node: undefined }, sink);
  // Which of two that clash is told of hangs on the order of the input.
  return sink.diagnostics.map(({ code }) => code).sort();
}
