import { describe, expect, it } from "vitest";
import { displayWidth } from "../../../src/diagnostics/printable.ts";
import { readDocuments } from "../../../src/model/documents/read-documents.ts";
import { renderDiagnostics } from "../../../src/report/diagnostics.ts";
import { findInState } from "../../harness/find-faults.ts";

const wide = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: "日本語"}]}\n';

function rendered(columns: number): readonly string[] {
  const { documents } = readDocuments({ name: "wide.yaml", text: wide });
  const found = findInState(wide).filter(({ code }) => code === "field-wrong-type");
  const plain = (_: unknown, text: string): string => text;
  return renderDiagnostics(found, documents, { paint: plain, columns }).trimEnd().split("\n");
}

describe("renderDiagnostics", () => {
  it("puts as many carets as the value has columns", () => {
    const lines = rendered(Number.POSITIVE_INFINITY);
    const at = lines.findIndex((line) => line.includes("日本語") && line.includes(" | "));
    const [text = "", carets = ""] = lines.slice(at, at + 2);
    expect(carets.match(/\^+/)?.[0]).toBe("^".repeat(displayWidth('"日本語"')));
    expect(carets.indexOf("^")).toBe(text.indexOf('"'));
  });

  it.each([40, 60, 80])("fits %d columns", (columns) => {
    for (const line of rendered(columns)) expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
  });

  it("keeps a message in one line for a file or a reader", () => {
    expect(rendered(Number.POSITIVE_INFINITY)[0]).toMatch(/^error\[field-wrong-type\]: .*日本語/);
  });
});

describe("displayWidth", () => {
  it.each([
    ["web", 3],
    ["日本", 4],
    ["e\u0301", 1],
    ["é", 1],
    ["🚀", 2],
    ["한글", 4],
  ])("%s is %d columns wide", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});
