import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceOf } from "../../src/host/files/read-sources.ts";
import { locate } from "../../src/model/documents/locate.ts";
import { type ReadDocuments, readDocuments } from "../../src/model/documents/read-documents.ts";

/** Reads a text, finds the place of all it holds, and checks what always holds. */
function readAll(text: string, name = "in.yaml"): ReadDocuments {
  const read = readDocuments({ name, text });
  for (const document of read.documents) {
    for (const caret of ["key", "value"] as const) {
      const found = locate(document, ["metadata", "labels", "a", 0], caret);
      expect(found?.line).toBeGreaterThan(0);
      expect(found?.column).toBeGreaterThan(0);
    }
  }
  for (const { offset, message } of read.problems) {
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(text.length);
    expect(message).toMatch(/^[^\n]+$/);
  }
  return read;
}

const yamlPieces =
  "a b: - ? [ ] { } , # & * ! | > ' \" % @ ` \t \n --- ... << ~ 0x1F 08 .inf \\ \r \u0085 é &a *a {a: } kind: null".split(
    " ",
  );
const yamlLike = fc
  .array(fc.constantFrom(...yamlPieces, "\n", " ", "  ", ": "), { maxLength: 40 })
  .map((pieces) => pieces.join(""));
const jsonPieces = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  '"a"',
  "1",
  "-",
  "1e9",
  "true",
  "null",
  "\\",
  "\\u00",
  "\n",
  " ",
  "{}",
  "[]",
  '"\\"',
];
const jsonLike = fc.array(fc.constantFrom(...jsonPieces), { maxLength: 40 }).map((pieces) => pieces.join(""));

describe("readDocuments never throws", () => {
  it("on any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), yamlLike), (text) => void readAll(text)),
      { numRuns: 3000 },
    );
  });

  it("on what is nearly JSON", () => {
    fc.assert(
      fc.property(jsonLike, fc.constantFrom("in.json", "in.yaml"), (text, name) => {
        const { documents, problems } = readAll(`{${text}`, name);
        if (name === "in.json") expect(documents.length + problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 3000 },
    );
  });

  it("on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const source = sourceOf("in.yaml", bytes);
        if (source.kind === "text") readAll(source.source.text);
        else expect(source.kind).toBe("not-text");
      }),
      { numRuns: 2000 },
    );
  });

  it("on deep nesting, long strings and many documents", () => {
    const long = "x".repeat(20_000_000);
    const texts = [
      `{"a":"${long}"}\n{"b":1}\n`,
      `{"apiVersion":"v1","kind":"A","a":"${"\\n".repeat(5_000_000)}"}{"apiVersion":`,
      `{"a":"${long}`,
      "[".repeat(5000),
      "- ".repeat(5000),
      `${"{a: ".repeat(5000)}${"}".repeat(5000)}`,
      `a: ${"[".repeat(400)}${"]".repeat(400)}`,
      "--- a\n".repeat(30_000),
      "a: b\n".repeat(150_000),
    ];
    for (const text of texts) {
      const { documents, problems } = readDocuments({ name: "in.yaml", text });
      expect(documents.length + problems.length, text.slice(0, 20)).toBeGreaterThan(0);
      expect(problems.length).toBeLessThanOrEqual(100);
    }
  });
});
