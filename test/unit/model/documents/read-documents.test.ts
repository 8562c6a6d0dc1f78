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

describe("what is not a tree of bounded size is refused, at its place", () => {
  const multiplied = ["a: &a0 [1234567890]", ...Array.from({ length: 30 }, (_, at) => doubled(at))].join("\n");
  const problemIn = (text: string) => {
    const { documents, problems } = readDocuments({ name: "in.yaml", text });
    expect(documents).toEqual([]);
    return problems.map(({ offset, message }) => `${text.slice(offset).split(/[\s\]},]/)[0]}: ${message}`);
  };

  it.each<readonly [string, string, string]>([
    ["a mapping that contains itself", "a: &x {b: *x}\n", "*x: the anchor &x contains itself"],
    ["a list that contains itself", "&x [*x]\n", "*x: the anchor &x contains itself"],
    ["a cycle through two", "a: &x\n  b: &y\n    c: *x\n", "*x: the anchor &x contains itself"],
    ["a cycle through a merge", "a: &x\n  <<: *x\n", "*x: the anchor &x contains itself"],
    ["a cycle in a key", "? &x {a: *x}\n: 1\n", "*x: the anchor &x contains itself"],
    ["an alias before its anchor", "a: *x\nb: &x 1\n", "*x: the alias *x has no anchor before it"],
    ["aliases that double", multiplied, "*a20: the aliases expand to too much text"],
    [
      "one long text many times",
      `a: &x ${"x".repeat(100_000)}\nb: [${"*x,".repeat(200)}]\n`,
      "*x: the aliases expand to too much text",
    ],
    ["aliases without number", `a: &x 1\nb: [${"*x,".repeat(10_001)}]\n`, "*x: the aliases expand to too much text"],
    ["nested flow", `a: ${"[".repeat(600)}${"]".repeat(600)}\n`, "[[[: more than 500 levels of nesting"],
    ["nested JSON", `{"a":${"[".repeat(600)}${"]".repeat(600)}}`, "[[[: more than 500 levels of nesting"],
  ])("%s", (_, text, said) => {
    expect(problemIn(text).map((line) => line.replace(/\[{4,}/, "[[["))).toEqual([said]);
  });

  it("many documents may have many aliases", () => {
    expect(readDocuments({ name: "in.yaml", text: "--- {a: &x 1, b: *x}\n".repeat(10_001) }).problems).toEqual([]);
  });

  it("an anchor's name may be used again, and inside of itself", () => {
    const text = "a: &x {b: &x 1, c: *x}\nd: &x 2\ne: *x\n";
    expect(readDocuments({ name: "in.yaml", text }).documents[0]?.value).toEqual({ a: { b: 1, c: 1 }, d: 2, e: 2 });
  });
});

function doubled(at: number): string {
  return `k${at}: &a${at + 1} [*a${at}, *a${at}]`;
}
