import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { skipFor } from "../harness/skip.ts";

const root = new URL("../..", import.meta.url).pathname;
const readme = readFileSync(join(root, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

interface Example {
  readonly command: string;
  readonly output: string;
}

/** The commands of the ```console blocks, each with the lines that follow it. */
function examples(): readonly Example[] {
  return [...readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf("\n");
        return { command: text.slice(0, end), output: text.slice(end + 1) };
      }),
  );
}

describe("README", () => {
  let bin = "";
  beforeAll(() => {
    bin = mkdtempSync(join(tmpdir(), "readme-"));
    writeFileSync(join(bin, "portolan"), `#!/bin/sh\nexec "${process.execPath}" "${root}dist/cli/portolan.js" "$@"\n`);
    chmodSync(join(bin, "portolan"), 0o755);
  });
  afterAll(() => rmSync(bin, { recursive: true }));

  it("has console examples", () => {
    expect(examples().length).toBeGreaterThanOrEqual(4);
  });

  const jqReason = spawnSync("jq", ["--version"]).error === undefined ? undefined : "not installed: jq";
  for (const { command, output } of examples())
    it(command, skipFor(command.includes("jq") ? jqReason : undefined), () => {
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: "1", FORCE_COLOR: "" };
      const { stdout } = spawnSync("bash", ["-c", `${command} 2>&1`], { cwd: root, env, encoding: "utf8" });
      expect(stdout).toBe(output);
    });

  it("names commands that exist", () => {
    for (const [, script] of readme.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
      expect(Object.keys(manifest.scripts)).toContain(script);
    }
  });

  it("quotes lines that its first command prints", () => {
    const printed = execFileSync("npm", ["run", "--silent", "example"], { cwd: root, encoding: "utf8" }).split("\n");
    const quoted = readme.split("\n").filter((line) => line.startsWith("-A "));
    expect(quoted.length).toBe(4);
    for (const line of quoted) expect(printed).toContain(line);
  });

  it("names parts of the benchmark that exist", () => {
    const bench = ["scripts/bench.mjs", "--only", "none"];
    const { stderr } = spawnSync(process.execPath, bench, { cwd: root, encoding: "utf8" });
    const parts = /is none of (.*)$/m.exec(stderr)?.[1]?.split(", ");
    const named = [...readme.matchAll(/npm run bench -- --only (\w+)/g)].map(([, part]) => part);
    expect(parts).toEqual(expect.arrayContaining(named));
  });

  it("names golden cases that exist for every difference between the modes", () => {
    const rows = [...readme.matchAll(/^\|.*\| `([\w-]+)` \|$/gm)].map(([, name]) => name ?? "");
    expect(rows.length).toBeGreaterThanOrEqual(10);
    for (const name of rows) expect(existsSync(join(root, "golden", name, "packets.txt")), name).toBe(true);
  });

  it("links to files that exist", () => {
    for (const [, path = ""] of readme.matchAll(/\]\(([^)#:]+)\)/g)) {
      expect(() => readFileSync(join(root, path))).not.toThrow();
    }
  });
});
