import { describe, expect, it } from "vitest";
import { readDocuments } from "../../../../src/model/documents/read-documents.ts";

/** What kubectl (sigs.k8s.io/yaml) makes of a plain scalar. */
const scalars: Readonly<Record<string, readonly string[]>> = {
  true: ["true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"],
  false: ["false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"],
  null: ["~", "null", "Null", "NULL", ""],
  15: ["15", "0o17", "017", "0xF", "0xf", "0b1111", "+15", "1_5"],
  56: ["070"],
  8: ["08", "8", "8.0", "8e0"],
  1000: ["1_000", "1000", "1e3", "0x3E8"],
  31: ["0x1F", "0X1f"],
  "-8": ["-8", "-010", "-0o10"],
  0.5: ["0.5", ".5", "5e-1", "+.5"],
  '"22:22"': ["22:22", '"22:22"'],
  '"2024-01-01"': ["2024-01-01"],
  '"2024-01-01T10:00:00Z"': ["2024-01-01T10:00:00Z"],
  '"yES"': ["yES"],
  '"tRUE"': ["tRUE"],
  '"1.2.3"': ["1.2.3"],
  '"10.96.0.1"': ["10.96.0.1"],
  '"0x"': ["0x"],
  '"1e"': ["1e"],
  '"-"': ["'-'"],
  '"80"': ['"80"', "'80'", "!!str 80"],
  '"on"': ['"on"', "'on'", "!!str on"],
  '"::1"': ["'::1'"],
};

const cases = Object.entries(scalars).flatMap(([value, texts]) => texts.map((text) => [text, value] as const));

function read(text: string): unknown {
  const { documents, problems } = readDocuments({ name: "in.yaml", text });
  expect(problems).toEqual([]);
  return documents[0]?.value;
}

describe("scalars are read as kubectl reads them", () => {
  it.each(cases)("%s is %s", (text, value) => {
    expect(read(`a: ${text}\n`)).toEqual({ a: JSON.parse(value) });
    expect(read(`a: [${text || "~"}]\n`), "in flow style").toEqual({ a: [JSON.parse(value)] });
    // An anchor makes the other of the two libraries read the text.
    expect(read(`a: ${text}\nb: &b 1\n`), "by the careful reader").toEqual({ a: JSON.parse(value), b: 1 });
  });
});

describe("merge keys and aliases", () => {
  it("lay one mapping under another", () => {
    const text =
      "base: &base {a: 1, b: 2}\nmore: &more {c: 3}\none:\n  <<: *base\n  b: 5\nboth:\n  <<: [*base, *more]\n";
    expect(read(text)).toMatchObject({ one: { a: 1, b: 5 }, both: { a: 1, b: 2, c: 3 } });
  });

  it("stand for their anchor's value", () => {
    expect(read("a: &a [1]\nb: *a\n")).toEqual({ a: [1], b: [1] });
  });
});

describe("keys", () => {
  it("twice are an error in YAML, also as another spelling of one text", () => {
    for (const text of ["a: 1\na: 2\n", "b: {a: 1, 'a': 2}\n", "1: a\n'1': b\n", "a: &x 1\na: 2\n"]) {
      const { problems, documents } = readDocuments({ name: "in.yaml", text });
      expect(problems, text).toMatchObject([{ message: "Map keys must be unique" }]);
      expect(documents).toEqual([]);
    }
  });

  it("twice are the last one in JSON", () => {
    expect(read('{"a": 1, "a": 2}')).toEqual({ a: 2 });
  });

  it("that are no text become one, and none of them is special", () => {
    expect(read("1: a\ntrue: b\n~: c\n")).toEqual({ "1": "a", true: "b", null: "c" });
    expect(Object.keys(read("__proto__: {polluted: true}\n") as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
