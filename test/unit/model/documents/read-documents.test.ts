import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locate } from "../../../../src/model/documents/locate.ts";
import { readDocuments } from "../../../../src/model/documents/read-documents.ts";

describe("readDocuments", () => {
  it("gives JSON what JSON.parse gives it, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 3 }),
        fc.constantFrom("", "\n", " \n"),
        (values, gap) => {
          const text = values.map((value) => JSON.stringify(value)).join(gap);
          const { documents, problems } = readDocuments({ name: "in.json", text });
          expect(problems).toEqual([]);
          expect(documents.map(({ value }) => value)).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))));
        },
      ),
    );
  });

  it("finds the place of every member of JSON", () => {
    const value = { apiVersion: "v1", 'odd "key" é': [{ a: 1 }, ["x", { b: null }]], last: "end" };
    const text = JSON.stringify(value, null, 2);
    const [document] = readDocuments({ name: "in.json", text }).documents;
    if (document === undefined) throw new Error("no document");
    const spot = (path: readonly (string | number)[]): string | undefined => {
      const found = locate(document, path, "value");
      return found?.text.slice(found.column - 1, found.column - 1 + found.length);
    };
    expect(spot(["apiVersion"])).toBe('"v1"');
    expect(spot(['odd "key" é', 0, "a"])).toBe("1");
    expect(spot(['odd "key" é', 1, 1, "b"])).toBe("null");
    expect(spot(["last"])).toBe('"end"');
    expect(spot(['odd "key" é', 1])).toBe("[");
  });
});
