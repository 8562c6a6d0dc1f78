import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { checkPackets, compiledFiles, goldenCases, type Mode } from "./evaluate/golden.ts";

const ROOT = new URL("../golden", import.meta.url).pathname;
const CASES = goldenCases(ROOT);
const MODES: readonly Mode[] = ["iptables", "ipvs"];
const KEYS = ["title", "why", "node", "flags", "applyScript", "modes", "modesReason", "ipvsDiffers"];

interface CaseText {
  readonly title?: string;
  readonly why?: string;
  readonly node?: string;
  readonly modes?: readonly Mode[];
  readonly modesReason?: string;
  readonly ipvsDiffers?: string;
}

function readCase(name: string): CaseText {
  return parseYaml(readFileSync(join(ROOT, name, "case.yaml"), "utf8"));
}

function has(name: string, file: string): boolean {
  return existsSync(join(ROOT, name, file));
}

describe("golden cases", () => {
  test.each(CASES)("%s has what a case needs", (name) => {
    const says = readCase(name);
    expect(Object.keys(says).filter((key) => !KEYS.includes(key))).toEqual([]);
    expect([says.title, says.why, says.node]).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
    expect(has(name, "cluster.yaml")).toBe(true);
    expect(readFileSync(join(ROOT, name, "cluster.yaml"), "utf8").split("\n").length).toBeLessThan(85);
    expect(has(name, "packets.txt"), "bad input says -invalid, and has no packets").toBe(!name.endsWith("-invalid"));
    expect(says.modesReason, "a case of one mode says why").toEqual(says.modes && expect.any(String));
    expect(says.modes?.length ?? 1, "all modes is what a case has that names none").toBe(1);
    expect(says.ipvsDiffers, "where packets differ in ipvs mode, the case says why").toEqual(
      has(name, "packets-ipvs.txt") ? expect.any(String) : undefined,
    );
  });

  const withPackets = CASES.filter((name) => has(name, "packets.txt")).flatMap((name) =>
    (readCase(name).modes ?? MODES).map((mode) => ({ name, mode })),
  );
  test.each(withPackets)("$name: every packet goes where it should, in $mode mode", ({ name, mode }) => {
    const folder = join(ROOT, name);
    const failures = checkPackets(folder, mode, compiledFiles(folder, mode));
    expect(failures.map((failure) => `golden/${name}/${failure}`).join("\n")).toBe("");
  });
});
