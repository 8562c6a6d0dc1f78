import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { kubectlYaml } from "../../../../src/model/documents/kubectl-yaml.ts";
import { readDocuments } from "../../../../src/model/documents/read-documents.ts";

function values(text: string): readonly unknown[] {
  return readDocuments({ name: "test.yaml", text }).documents.map(({ value }) => value);
}

/** What the reader with positions makes of the same text. */
function carefulValues(text: string): readonly unknown[] {
  const documents = parseAllDocuments(text, kubectlYaml);
  return "empty" in documents ? [] : documents.map((document) => document.toJS()).filter((value) => value !== null);
}

const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    "on",
    "yes",
    "y",
    "0o17",
    "070",
    "08",
    "0x1F",
    "1_000",
    "22:22",
    "2024-01-01",
    "~",
    ".inf",
    "1e3",
    "<<",
  ),
);
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    scalar,
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-zA-Z][\w./-]{0,8}$/), tie("node"), { maxKeys: 4 }),
  ),
})).node;

describe("the two readers of YAML", () => {
  it("agree on any document that either can write", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tree, { minKeys: 1, maxKeys: 5 }), (value) => {
        const text = stringify(value);
        expect(values(text)).toEqual(carefulValues(text));
      }),
    );
  });

  it("agree on plain scalars of every kind", () => {
    const scalars =
      "a on Yes y n off 1 -1 +7 070 08 0o17 0b11 0x1F 1_000 1.5 .5 1e3 .inf -.Inf .nan ~ null 22:22 2024-01-01 0. 00 0";
    for (const word of scalars.split(" ")) {
      const text = `value: ${word}\nquoted: "${word}"\nlist: [${word}, '${word}']\n`;
      expect(values(text), word).toEqual(carefulValues(text));
    }
  });
});
