import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { checkPackets, compiledRules, goldenCases } from "./tracer/golden.ts";

const ROOT = new URL("../golden", import.meta.url).pathname;
const CASES = goldenCases(ROOT);

describe("golden cases", () => {
  test.each(CASES)("%s has what a case needs", (name) => {
    const says: Record<string, unknown> = parseYaml(readFileSync(join(ROOT, name, "case.yaml"), "utf8"));
    expect(Object.keys(says).filter((key) => !["title", "why", "node", "flags", "applyScript"].includes(key))).toEqual(
      [],
    );
    expect([says.title, says.why, says.node]).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
    expect(existsSync(join(ROOT, name, "cluster.yaml"))).toBe(true);
    expect(readFileSync(join(ROOT, name, "cluster.yaml"), "utf8").split("\n").length).toBeLessThan(85);
    expect(existsSync(join(ROOT, name, "packets.txt")), "bad input says -invalid, and has no packets").toBe(
      !name.endsWith("-invalid"),
    );
  });

  const withPackets = CASES.filter((name) => existsSync(join(ROOT, name, "packets.txt")));
  test.each(withPackets)("%s: every packet goes where packets.txt says", (name) => {
    const folder = join(ROOT, name);
    const failures = checkPackets(folder, compiledRules(folder));
    expect(failures.map((failure) => `golden/${name}/${failure}`).join("\n")).toBe("");
  });
});
