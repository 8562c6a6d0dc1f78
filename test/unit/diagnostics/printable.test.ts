import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  escapeControls,
  escapeLines,
  hasHidden,
  printableJson,
  printableXml,
} from "../../../src/diagnostics/printable.ts";
import { printYaml as printReportYaml } from "../../../src/report/yaml.ts";
import { printYaml } from "../../../src/snapshot/print-snapshot.ts";
import { hasControls, hostileCharacters } from "../../harness/controls.ts";

describe.each(Object.entries(hostileCharacters))("%s", (_, text) => {
  it("is found, and escaped in every form", () => {
    expect(hasControls(text)).toBe(true);
    expect(hasHidden(text)).toBe(true);
    for (const shown of [escapeControls(text), escapeLines(text), printableXml(text)])
      expect(hasControls(shown)).toBe(false);
  });

  it("keeps its value in JSON and in YAML, as a key too", () => {
    const value = { [text]: [text, `${text}\nand more`, { plain: "é, 漢, 😀" }] };
    const json = printableJson(value, 2);
    expect(hasControls(json)).toBe(false);
    expect(JSON.parse(json)).toEqual(value);
    for (const print of [printYaml, printReportYaml]) {
      const yaml = print(value);
      expect(hasControls(yaml)).toBe(false);
      expect(parse(yaml)).toEqual(value);
    }
  });
});

it("other letters stay as they are", () => {
  const text = "é, 漢, 😀, مرحبا";
  expect(escapeControls(text)).toBe(text);
  expect(printableXml(text)).toBe(text);
  expect(printableJson({ text }, 2)).toContain(text);
});

it("XML has references for what it can hold", () => {
  expect(printableXml("a\u202eb\tc\u0007d\u{e0041}\uffff\nend")).toBe("a&#x202e;b&#x9;c\ufffdd&#xe0041;\ufffd\nend");
});
