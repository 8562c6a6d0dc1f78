import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isProblem, matchesLabels, parseSelector } from "../../../src/filter/label-selector.ts";

const labels = { app: "web", tier: "front", "example.com/team": "payments", empty: "", level: "7" };

function matches(text: string): boolean | string {
  const read = parseSelector(text);
  return isProblem(read) ? `${read.at}: ${read.message}` : matchesLabels(labels, read);
}

describe("a label selector matches", () => {
  it.each([
    "app=web",
    "app==web",
    " app = web ",
    "app=web,tier=front",
    "app!=api",
    "missing!=x",
    "app in (api,web)",
    "app in(api, web)",
    "app notin (api, db)",
    "missing notin (a)",
    "app",
    "!missing",
    "! missing",
    "app,!missing,tier in (front)",
    "example.com/team=payments",
    "empty=",
    "empty==,app",
    "empty in (,a)",
    "empty in (a,)",
    "level>6",
    "level < 10",
    "notin!=in",
    "in notin (in)",
    "app in (web,,x)",
  ])("%s", (text) => {
    expect(matches(text)).toBe(true);
  });
});

describe("a label selector does not match", () => {
  it.each([
    "app=api",
    "missing=",
    "missing",
    "!app",
    "app!=web",
    "app in (api)",
    "missing in (a)",
    "app notin (web)",
    "app=web,tier=back",
    "level>7",
    "level<7",
    "app>1",
    "toString",
    "constructor=x",
    "in=in",
  ])("%s", (text) => {
    expect(matches(text)).toBe(false);
  });
});

describe("a label selector is refused", () => {
  it.each([
    ["", "0: expected a label, not the end"],
    ["  ", "2: expected a label, not the end"],
    [",app", "0: expected a label, not ,"],
    ["app,", "4: expected a label, not the end"],
    ["app,,tier", "4: expected a label, not ,"],
    ["=web", "0: expected a label, not ="],
    ["!", "1: expected a label, not the end"],
    ["!app=web", "4: expected a comma or the end, not ="],
    ["app web", "4: expected =, !=, in, notin or a comma, not web"],
    ["app=web tier=front", "8: expected a comma or the end, not tier"],
    ["app===web", "5: expected a value, not ="],
    ["app=(web)", "4: expected a value, not ("],
    ["app in web", "7: expected (, not web"],
    ["app in", "6: expected (, not the end"],
    ["app in (", "8: expected , or ), not the end"],
    ["app in ()", "8: expected a value between the brackets"],
    ["app in (a b)", "10: expected , or ), not b"],
    ["app in (a,b", "11: expected , or ), not the end"],
    ['app="web"', '4: "web" is not a valid label value: selectors have no quotes'],
    ["app=-web", "4: -web is not a valid label value"],
    [`app=${"a".repeat(64)}`, `4: ${"a".repeat(64)} is not a valid label value`],
    ["-app", "0: -app is not a valid label key"],
    ["a/b/c", "0: a/b/c is not a valid label key"],
    ["level>x", "5: expected a whole number after >"],
    ["level>", "5: expected a whole number after >"],
    ["app!web", "3: expected =, !=, in, notin or a comma, not !"],
  ])("%j", (text, says) => {
    expect(matches(text)).toBe(says);
  });
});

it("any text is a selector or has a place where it is none", () => {
  const pieces = fc.constantFrom(
    "app",
    "web",
    "in",
    "notin",
    "=",
    "==",
    "!=",
    "!",
    "(",
    ")",
    ",",
    " ",
    "<",
    ">",
    "7",
    '"',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => all.join("")),
      ),
      (text) => {
        const read = parseSelector(text);
        if (!isProblem(read)) return read.requirements.length > 0;
        return read.at >= 0 && read.at <= text.length;
      },
    ),
  );
});
