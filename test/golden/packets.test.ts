import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { modes } from "../../scripts/golden/generate-case.mjs";
import { caseFolder, goldenCases, modesOf, readCase } from "../harness/golden-cases.ts";
import { checkPackets } from "./check-packets.ts";

const KEYS = ["title", "why", "node", "flags", "applyScript", "modes", "modesReason", "differs"];

function has(name: string, file: string): boolean {
  return existsSync(join(caseFolder(name), file));
}

const MODE = modes.join("|");
const FILE = new RegExp(
  `^(?:(?:case|cluster|kube-proxy)\\.yaml|(?:packets|diagnostics|explain)(?:\\.(?:${MODE}))?\\.txt|${MODE})$`,
);

describe("golden cases", () => {
  test.each(goldenCases())("%s has what a case needs", (name) => {
    const says = readCase(caseFolder(name));
    expect(Object.keys(says).filter((key) => !KEYS.includes(key))).toEqual([]);
    expect([says.title, says.why, says.node]).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
    expect(readdirSync(caseFolder(name)).filter((file) => !FILE.test(file))).toEqual([]);
    expect(has(name, "cluster.yaml")).toBe(true);
    expect(readFileSync(join(caseFolder(name), "cluster.yaml"), "utf8").split("\n").length).toBeLessThan(85);
    expect(has(name, "packets.txt"), "bad input says -invalid, and has no packets").toBe(!name.endsWith("-invalid"));
    expect(says.modesReason, "a case of some modes only says why").toEqual(says.modes && expect.any(String));
    expect(says.modes?.filter((mode) => !modes.includes(mode)) ?? [], "modes that exist").toEqual([]);
    expect(says.modes?.length, "a case of all modes names none").not.toBe(modes.length);
    const differing = modes.filter((mode) => has(name, `packets.${mode}.txt`));
    const reasons = Object.fromEntries(differing.map((mode) => [mode, expect.any(String)]));
    expect(says.differs ?? {}, "where packets differ in a mode, the case says why").toEqual(reasons);
    expect(modesOf(name), "packets.MODE.txt only for modes that the case compiles in").toEqual(
      expect.arrayContaining(differing),
    );
  });

  const withPackets = goldenCases().flatMap((name) => modesOf(name).map((mode) => ({ name, mode })));
  test.each(withPackets)("$name: every packet goes where it should, in $mode mode", ({ name, mode }) => {
    const failures = checkPackets(caseFolder(name), mode);
    expect(failures.map((failure) => `golden/${name}/${failure}`).join("\n")).toBe("");
  });
});
