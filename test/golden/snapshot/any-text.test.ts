import fc from "fast-check";
import { expect, test } from "vitest";
import { printYaml } from "../../../src/snapshot/print-snapshot.ts";
import { documentsIn } from "../../harness/golden-cases.ts";

test("whatever text stands in an object, both formats say it and YAML is read as it was written", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "yes",
      "No",
      "~",
      "0o17",
      "1e3",
      "12:30",
      "- a",
      "#",
      "<<",
      "null",
      "0x1f",
      ".5",
      "1.2.3.4",
      "=",
      "",
    ),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
    list: fc.array(tie("any"), { maxLength: 4 }),
    map: fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      tie("any"),
      { maxKeys: 4 },
    ),
  })).map;
  fc.assert(
    fc.property(value, (map) => {
      const given = { kind: "Anything", map };
      // Halves of characters are no text that a file could hold.
      const plain: unknown = JSON.parse(Buffer.from(JSON.stringify(given)).toString());
      expect(documentsIn(printYaml(plain))).toEqual([plain]);
    }),
    { numRuns: 300, seed: 7 },
  );
});
