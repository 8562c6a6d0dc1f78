import { describe, expect, it } from "vitest";
import { locate } from "../../../../src/model/documents/locate.ts";
import { readDocuments } from "../../../../src/model/documents/read-documents.ts";
import type { SourceDocument } from "../../../../src/model/documents/source.ts";

const item = (n: number, indent: string): string =>
  [
    `- apiVersion: v1`,
    `  kind: Service`,
    `  metadata:`,
    `    name: svc-${n}`,
    `    annotations:`,
    `      note: |`,
    `        - apiVersion: v1`,
    `        items:`,
    `        ---x`,
    `  # ports of ${n}`,
    `  spec: {clusterIP: 10.0.0.${n % 250}, ports: [{port: ${1000 + n}}]}`,
  ]
    .map((line) => `${indent}${line}\n`)
    .join("");

const numbers = Array.from({ length: 600 }, (_, n) => n);
const list = (indent: string): string =>
  `apiVersion: v1\nitems:\n# all of them\n${numbers.map((n) => item(n, indent)).join("")}kind: List\nmetadata:\n  name: end\n`;
const documents = `# none\n---\n${numbers.map((n) => item(n, "").replace("- ", "  ").replaceAll(/^ {2}/gm, "")).join("---\n")}`;

const read = (text: string): readonly SourceDocument[] => readDocuments({ name: "x.yaml", text }).documents;

describe("places in long texts", () => {
  it.each([
    ["a List as kubectl prints it", list("")],
    ["a List that is indented", list("  ")],
    ["a List with other line ends", list("").replaceAll("\n", "\r\n")],
    [
      "a List with an anchor, which no excerpt can do without",
      list("").replace("svc-0\n", "&a svc-0\n").replace("svc-5\n", "*a\n"),
    ],
  ])("%s", (_, text) => {
    expect(text.length).toBeGreaterThan(100_000);
    const [document] = read(text) as [SourceDocument];
    const lines = text.split(/\r?\n/);
    for (const n of [0, 7, 300, 599]) {
      const port = locate(document, ["items", n, "spec", "ports", 0, "port"], "value");
      const line = lines.findIndex((each) => each.includes(`port: ${1000 + n}}`)) + 1;
      expect(port).toMatchObject({ line, column: (lines[line - 1] as string).indexOf(`${1000 + n}}`) + 1, length: 4 });
    }
    expect(locate(document, ["metadata", "name"], "value")).toMatchObject({
      line: lines.indexOf("  name: end") + 1,
      column: 9,
    });
  });

  it("documents of one text", () => {
    expect(documents.length).toBeGreaterThan(100_000);
    const all = read(documents);
    expect(all).toHaveLength(numbers.length);
    for (const n of [0, 7, 300, 599]) {
      const name = locate(all[n] as SourceDocument, ["metadata", "name"], "value");
      expect(name?.text).toBe(`  name: svc-${n}`);
      expect(name?.column).toBe(9);
    }
  });
});
