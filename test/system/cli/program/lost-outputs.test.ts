import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { cluster, node, service } from "../../../harness/cluster-text.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";

const cli = new URL("../../../../dist/cli/portolan.js", import.meta.url).pathname;

/** Every command that needs no root, in each of its formats, and what writes without being one. */
const commands: Readonly<Record<string, readonly string[]>> = {
  compile: ["compile", "-f", "in.yaml", "--node", "node1"],
  "compile -o json": ["compile", "-f", "in.yaml", "--node", "node1", "-o", "json"],
  simulate: ["simulate", "-f", "in.yaml"],
  snapshot: ["snapshot", "-f", "in.yaml"],
  diff: ["diff", "in.yaml", "other.yaml"],
  "diff -o json": ["diff", "in.yaml", "other.yaml", "-o", "json"],
  check: ["check", "-f", "in.yaml"],
  "check -o sarif": ["check", "-f", "in.yaml", "-o", "sarif"],
  "explain an object": ["explain", "service/web", "-n", "shop", "-f", "in.yaml"],
  "explain a code": ["explain", "node-absent"],
  "explain packet": "explain packet --from 10.0.0.9 --to 10.96.0.10:80 -f in.yaml --node node1".split(" "),
  plan: ["plan", "-f", "in.yaml", "--node", "node1", "--actual", "host.txt"],
  "plan -o json": ["plan", "-f", "in.yaml", "--node", "node1", "--actual", "host.txt", "-o", "json"],
  verify: ["verify", "-f", "in.yaml", "--node", "node1", "--actual", "host.txt"],
  "verify --fix": ["verify", "-f", "in.yaml", "--node", "node1", "--actual", "host.txt", "--fix"],
  "apply --dry-run": ["apply", "-f", "in.yaml", "--node", "node1", "--dry-run", "client"],
  "collect --script": ["collect", "--script"],
  schema: ["schema", "diff"],
  completion: ["completion", "bash"],
  version: ["version"],
  "--version": ["--version"],
  "--help": ["--help"],
  "help of a command": ["compile", "--help"],
};

/** What is written to standard error. */
const complaints: Readonly<Record<string, readonly string[]>> = {
  warnings: ["compile", "-f", "warned.yaml", "--node", "node1"],
  errors: ["compile", "-f", "nothing.yaml", "--node", "node1"],
  usage: ["compile", "--nothing"],
  "an unknown command": ["nothing"],
  "a refused file": ["plan", "-f", "in.yaml", "--node", "node1", "--actual", "in.yaml"],
};

let cwd = "";
beforeAll(() => {
  cwd = workspace({
    "in.yaml": cluster,
    "other.yaml": cluster.replaceAll("10.0.1.5", "10.0.1.6"),
    "warned.yaml": [node, service].join("---\n"),
    "host.txt": readFileSync(new URL("../../../fixtures/host-documents/collect-v1.txt", import.meta.url)),
  });
});

/** Runs a command in a shell, in which its standard output or error is lost. */
async function run(
  args: readonly string[],
  redirection: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const words = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("bash", ["-c", redirection.replace("COMMAND", words)], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    stdout += data;
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data;
  });
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

describe("standard output cannot be written", () => {
  it.concurrent.each(Object.entries(commands))("%s on a full disk: exit 4, with a message", async (_, args) => {
    const { code, stderr } = await run(args, "COMMAND > /dev/full");
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("no space left on device") });
    expect(stderr).toContain("error: cannot write to standard output: ");
    expect(stderr).not.toMatch(/bug in Portolan|Unhandled|at .*\.js:\d/);
  });

  it.concurrent.each([
    ["beyond the limit of a file's size", "ulimit -f 0; COMMAND > out", "file too large"],
    ["an output that is open for reading alone", "COMMAND 1< /dev/null", "bad file descriptor"],
  ])("%s: exit 4, with a message", async (_, redirection, problem) => {
    const { code, stderr } = await run(["version"], redirection);
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining(problem) });
  });

  it.concurrent.each(Object.entries(commands))("the reader of %s has gone: it ends quietly", async (_, args) => {
    const { code, stderr } = await run(args, `COMMAND | true; exit "\${PIPESTATUS[0]}"`);
    expect([0, 1]).toContain(code);
    expect(stderr).not.toMatch(/EPIPE|bug in Portolan|Unhandled|at .*\.js:\d/);
  });
});

describe("standard error cannot be written", () => {
  it.concurrent.each(Object.entries(complaints))(
    "%s on a full disk: exit 4, unless it is another error",
    async (_, args) => {
      const { code: usual } = await runCli(args, { cwd });
      expect(await run(args, "COMMAND 2> /dev/full")).toMatchObject({ code: usual === 0 ? 4 : usual });
      expect(await run(args, "COMMAND > /dev/full 2> /dev/full")).toMatchObject({ code: usual === 0 ? 4 : usual });
    },
  );

  it.concurrent.each(Object.entries(complaints))("the reader of %s has gone: the exit code stays", async (_, args) => {
    const { code: usual, stdout: result } = await runCli(args, { cwd });
    const { code, stdout } = await run(args, "COMMAND 2> >(true)");
    expect({ code, stdout }).toEqual({ code: usual, stdout: result });
  });
});
