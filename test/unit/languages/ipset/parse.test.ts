import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { corpusFolder } from "../../../../scripts/conformance/corpus.mjs";
import { ipset } from "../../../../src/languages/ipset/language.ts";
import { parseSets, printSets } from "../../../../src/languages/ipset/text.ts";

const CASES = join(corpusFolder, "cases");

describe("identity", () => {
  test("what the real kube-proxy saved is printed back unchanged", () => {
    const files = readdirSync(CASES).map((name) => join(CASES, name, "expected", "ipset.save"));
    const there = files.filter((file) => existsSync(file));
    expect(there.length).toBeGreaterThan(80);
    for (const file of there) {
      const text = readFileSync(file, "utf8");
      const { sets, problems } = parseSets(text);
      expect(problems, file).toEqual([]);
      expect(printSets(sets), file).toBe(text);
    }
  });

  test("options of sets and entries are kept", () => {
    const text =
      "create A hash:ip family inet hashsize 1024 maxelem 65536 timeout 60\nadd A 10.0.0.1 timeout 59\ncreate B bitmap:port range 0-65535\n";
    expect(printSets(parseSets(text).sets)).toBe(text);
  });
});

describe("structure", () => {
  test("a set has its entries, wherever they stand after it", () => {
    const { sets, problems } = parseSets(
      "# saved\ncreate A hash:ip,port family inet\ncreate B bitmap:port range 0-65535\n\nadd A 10.96.0.10,tcp:80\nadd B 80\n",
    );
    expect(problems).toEqual([]);
    expect(sets).toEqual([
      {
        name: "A",
        line: 2,
        type: "hash:ip,port",
        options: ["family", "inet"],
        entries: [{ line: 5, text: "10.96.0.10,tcp:80", options: [] }],
      },
      {
        name: "B",
        line: 3,
        type: "bitmap:port",
        options: ["range", "0-65535"],
        entries: [{ line: 6, text: "80", options: [] }],
      },
    ]);
  });

  test.each([
    ["flush A", 1, /expected create or add/],
    ["create A", 1, /not a set/],
    ["add A", 1, /not an entry/],
    ["add A 10.0.0.1", 1, /no set A/],
    ["create A hash:ip\ncreate A hash:ip", 2, /already exists/],
  ])("%j is a problem", (text, line, message) => {
    expect(parseSets(text).problems).toEqual([{ line, message: expect.stringMatching(message) }]);
  });

  test("no text makes the parser throw, and what it understood is printed to the same again", () => {
    const word = fc.constantFrom("create", "add", "A", "B", "hash:ip", "family", "inet", "10.0.0.1", "#", " ", "\t");
    const line = fc.oneof(
      fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const printed = printSets(parseSets(lines.join("\n")).sets);
        expect(printSets(parseSets(printed).sets)).toBe(printed);
      }),
    );
  });
});

describe("what ipset list prints", () => {
  const listing = ipset.forms[1];

  test("is read as what ipset save prints", () => {
    const set = (name: string, ...members: readonly string[]) => [
      `Name: ${name}`,
      "Type: hash:ip,port",
      "Revision: 5",
      "Header: family inet hashsize 1024",
      "Size in memory: 200",
      "References: 1",
      "Number of entries: 1",
      "Members:",
      ...members,
    ];
    const lines = listing?.toSave?.([...set("A", "10.0.0.1,tcp:80", "10.0.0.2,udp:53 timeout 5"), "", ...set("B")]);
    expect(lines?.filter((line) => line !== "")).toEqual([
      "create A hash:ip,port family inet hashsize 1024",
      "add A 10.0.0.1,tcp:80",
      "add A 10.0.0.2,udp:53 timeout 5",
      "create B hash:ip,port family inet hashsize 1024",
    ]);
  });

  test.each([
    [["Name: A", "Header: family inet"], []],
    [["Name: A", "Type:  bitmap:port", "Header:"], ["create A bitmap:port"]],
    [["Name: A", "Type: hash:ip", "10.0.0.1"], []],
    [["Name: A", "Type: hash:ip", "Members:", "10.0.0.1", "Name: B", "10.0.0.2"], ["add A 10.0.0.1"]],
  ])("of %j, %j is known", (lines, saved) => {
    expect(listing?.toSave?.(lines).filter((line) => line !== "")).toEqual(saved);
  });
});
