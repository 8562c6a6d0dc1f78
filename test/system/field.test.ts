import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { whyNoKernel } from "../lab/needs.ts";

// Reports as people post them: a folder of test/field/ each, with a command and what its output must say.

const cases = new URL("../field/", import.meta.url).pathname;
const program = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "portolan-field-"));
afterAll(() => rmSync(scratch, { recursive: true }));
writeFileSync(join(scratch, "portolan"), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`);
chmodSync(join(scratch, "portolan"), 0o755);

const names = readdirSync(cases, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

interface Output {
  readonly code: number | null;
  /** Standard output and error, white space as one blank. */
  readonly text: string;
}

function run(command: string, cwd: string): Promise<Output> {
  const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}`, NO_COLOR: "1" };
  const child = spawn("sh", ["-c", command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += part));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, text: text.replace(/\s+/g, " ") })));
}

/** A demand that an output does not meet: `exit 0,1`, `has TEXT`, `match REGEX` or `not REGEX`, with (?i) in any case. */
function unmet(demand: string, { code, text }: Output): string | undefined {
  const [, verb, what = ""] = /^(\S+) (.*)$/.exec(demand) ?? [];
  const pattern = new RegExp(what.replaceAll("(?i)", ""), what.includes("(?i)") ? "i" : "");
  const isMet = {
    exit: () => what.split(",").includes(`${code}`),
    has: () => text.includes(what),
    match: () => pattern.test(text),
    not: () => !pattern.test(text),
  }[verb ?? ""];
  if (isMet === undefined) return `unknown demand: ${demand}`;
  return isMet() ? undefined : `${demand}: exit ${code}: ${text}`;
}

describe("a report from the field", () => {
  for (const name of names) {
    const read = (file: string) => readFileSync(join(cases, name, file), "utf8").trim();
    const needs = read("command").startsWith("unshare ")
      ? whyNoKernel(["iptables-legacy-restore", "iptables-nft-restore"])
      : undefined;
    test(name, skipFor(needs), async () => {
      const folder = join(scratch, name);
      cpSync(join(cases, name), folder, { recursive: true });
      const output = await run(read("command"), folder);
      const demands = read("expect")
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"));
      expect(demands.map((demand) => unmet(demand, output)).filter((each) => each !== undefined)).toEqual([]);
    });
  }

  test("each is in the table of the README", () => {
    expect(existsSync(program)).toBe(true);
    const table = readFileSync(join(cases, "README.md"), "utf8");
    expect(names.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
  });
});
