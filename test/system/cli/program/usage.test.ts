import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster } from "../../../harness/cluster-text.ts";
import { hasControls } from "../../../harness/controls.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";

const usage: Readonly<Record<string, readonly [args: readonly string[], says: string]>> = {
  "an unknown flag": [["compile", "-f", "in.yaml", "--nod", "node1"], "Did you mean --node?"],
  "the beginning of a flag": [["compile", "--fil", "in.yaml"], "Did you mean --filename?"],
  "help of an unknown command": [["help", "compil"], "Did you mean compile?"],
  "a type that explain does not take": [
    ["explain", "ingress/shop/web", "-f", "in.yaml"],
    "explain does not take the type ingress; supported types: service",
  ],
  "an argument that is no file": [["compile", "node1"], "unexpected argument 'node1': pass cluster state with -f"],
  "files beside --live": [["compile", "in.yaml", "--live"], "--live reads no files"],
  "an unknown command": [["compil", "-f", "in.yaml"], "Did you mean compile?"],
  "no -f": [["compile", "--node", "node1"], "pass -f FILE or --live"],
  "an empty -f": [["compile", "-f", "", "--node", "node1"], "It is empty"],
  "-f without a value": [["compile", "--node", "node1", "-f"], "argument missing"],
  "an unknown family": [["compile", "-f", "in.yaml", "--family", "ipv5"], "ipv4, ipv6, dual"],
  "an unknown mode": [["compile", "-f", "in.yaml", "--mode", "userspace"], "iptables, ipvs, nftables"],
  "an unknown output": [["compile", "-f", "in.yaml", "-o", "xml"], "text, json, yaml"],
  "an unknown colour": [["compile", "-f", "in.yaml", "--color", "blue"], "auto, always, never"],
  "a port range backwards": [["compile", "-f", "in.yaml", "--service-node-port-range", "2-1"], "FIRST-LAST"],
  "a port range above 65535": [["compile", "-f", "in.yaml", "--service-node-port-range", "1-65536"], "FIRST-LAST"],
  "--node with --all-nodes": [["compile", "-f", "in.yaml", "--node", "node1", "--all-nodes"], "cannot be used with"],
  "-o with --out-dir": [["compile", "-f", "in.yaml", "-o", "json", "--out-dir", "out"], "cannot be used with"],
  "an empty --node": [["compile", "-f", "in.yaml", "--node", " "], "It is empty"],
  "a third side": [["diff", "in.yaml", "in.yaml", "in.yaml"], "too many arguments"],
  "an unknown code": [["explain", "node-port-take"], "did you mean node-port-taken?"],
  "an unknown shell": [["completion", "tcsh"], "bash, zsh, fish"],
  "a flag that holds an escape": [["compile", "-f", "in.yaml", "--\u001b[31mred"], "unknown option"],
};

describe("usage errors exit with 2, say what is wrong and write nothing", () => {
  it.concurrent.each(Object.entries(usage))("%s", async (_, [args, says]) => {
    const cwd = workspace({ "in.yaml": cluster });
    const result = await runCli(args, { cwd });
    expect(result.stderr).toContain(says);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(hasControls(result.stderr)).toBe(false);
    expect(result.stderr).not.toMatch(/^ +at /m);
    expect(readdirSync(cwd)).toEqual(["in.yaml"]);
  });

  it("--all-nodes without a Node", async () => {
    const stdin = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";
    const result = await runCli(["compile", "-f", "-", "--all-nodes"], { stdin });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("needs at least one Node in the input");
  });

  it("no command prints help", async () => {
    const { stderr, stdout, code } = await runCli([]);
    expect(`${stdout}${stderr}`).toContain("Usage: portolan");
    expect(code).toBe(2);
  });
});

it("-f may be left out", async () => {
  const cwd = workspace({ "in.yaml": cluster });
  const [bare, flagged] = await Promise.all([
    runCli(["compile", "in.yaml", "--node", "node1"], { cwd }),
    runCli(["compile", "-f", "in.yaml", "--node", "node1"], { cwd }),
  ]);
  expect(bare).toEqual(flagged);
  expect(bare.code).toBe(0);
});

it("--out-dir and --report say what they wrote, on standard error", async () => {
  const cwd = workspace({ "in.yaml": cluster });
  const compiled = await runCli(["compile", "-f", "in.yaml", "--out-dir", "rules"], { cwd });
  expect(compiled.stdout).toBe("");
  expect(compiled.stderr).toMatch(/^rules: \d files written \(apply\.sh, iptables\.jumps, iptables\.restore.*\)\n$/);
  const diffed = await runCli(["diff", "in.yaml", "in.yaml", "--report", "html=d.html"], { cwd });
  expect(diffed.stderr).toBe("d.html: html report written\n");
});

describe("help", () => {
  it.each(["compile", "check", "explain", "completion", "version"])("of %s", async (command) => {
    const { stdout, stderr, code } = await runCli([command, "--help"]);
    expect(stdout).toContain(`Usage: portolan ${command}`);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  it("is called what the plugin is called", async () => {
    for (const args of [["--help"], ["compile", "--help"]]) {
      const { stdout, code } = await runCli(args, { bin: "kubectl-portolan" });
      expect(stdout).toContain("Usage: kubectl portolan");
      expect(stdout).toContain("$ kubectl portolan compile");
      expect(stdout.replaceAll(/\$ kubectl get[^\n]*\n/g, "")).not.toMatch(/(?<!kubectl )portolan compile/);
      expect(code).toBe(0);
    }
    const failed = await runCli(["explain", "no-such"], { bin: "kubectl-portolan" });
    expect(failed.stderr).toMatch(/^error: /);
  });

  it("does not load the compiler to print the version or help", async () => {
    for (const flag of ["--version", "--help"]) {
      const coverage = workspace();
      await runCli([flag], { env: { NODE_V8_COVERAGE: coverage } });
      const [report = ""] = readdirSync(coverage);
      const { result } = JSON.parse(readFileSync(join(coverage, report), "utf8"));
      const loaded = result.flatMap(({ url }: { readonly url: string }) =>
        url.includes("/dist/cli/") ? [readFileSync(new URL(url), "utf8")] : [],
      );
      expect(loaded.join("")).toContain("// src/cli/program.ts");
      expect(loaded.join("")).not.toMatch(
        /\/\/ (src\/(compile|plan|programs|languages\/\w+)|node_modules\/(yaml|js-yaml))\//,
      );
    }
  });

  it("version is one line, of both bins", async () => {
    const results = await Promise.all([
      runCli(["--version"]),
      runCli(["version"]),
      runCli(["--version"], { bin: "kubectl-portolan" }),
    ]);
    for (const { stdout, code } of results) {
      expect(stdout).toMatch(/^portolan \d+\.\d+\.\d+.* \(rules of kube-proxy 1\.36\.3 and 1\.37\.2\)\n$/);
      expect(code).toBe(0);
    }
  });
});
