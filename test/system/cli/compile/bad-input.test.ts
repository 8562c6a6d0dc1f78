import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { hasControls } from "../../../harness/controls.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";
import { compileInProcess } from "../../../harness/run-in-process.ts";
import { skipFor } from "../../../harness/skip.ts";
import { cases, config, inService, inSlice, second } from "./bad-inputs.ts";

const rootReads = process.getuid?.() === 0 ? "root may read every file" : undefined;

describe("bad input is refused at its place, and nothing is written", () => {
  it.each(Object.entries(cases))("%s", async (_, { text, errors, says, file = "in.yaml" }) => {
    const cwd = workspace({ [file]: text });
    const result = await compileInProcess({ filename: [join(cwd, file)], node: "node1", outDir: join(cwd, "out") });
    const stderr = result.stderr.replaceAll(`${cwd}/`, "");
    expect(errorsIn(stderr)).toEqual(errors);
    expect(result).toMatchObject({ code: 3, stdout: "" });
    expect(stderr).toContain(says ?? "");
    expect(stderr).toMatch(/\n\d+ errors?(, \d+ warnings?)?; nothing was written\n$/);
    expect(hasControls(stderr)).toBe(false);
    expect(readdirSync(cwd)).toEqual([file]);
  });

  it.concurrent.each(["a list", "a key twice", "an alias bomb", "port 0", "a nodePort taken twice"])(
    "%s, in a process of its own",
    async (name) => {
      const { text = "", errors } = cases[name] ?? {};
      const cwd = workspace({ "in.yaml": text });
      const result = await runCli(["compile", "-f", "in.yaml", "--node", "node1", "--out-dir", "out"], { cwd });
      expect(errorsIn(result.stderr)).toEqual(errors);
      expect(result).toMatchObject({ code: 3, stdout: "" });
      expect(readdirSync(cwd)).toEqual(["in.yaml"]);
    },
  );

  it("reports all problems of a run, of all files", async () => {
    const cwd = workspace({ "a.yaml": inService("port: 80", "port: 0"), "b.yaml": "", "c.yaml": "a: b: c\n" });
    const args = ["compile", "-f", "a.yaml", "-f", "b.yaml", "-f", "c.yaml", "-f", "d.yaml", "--node", "node1"];
    const result = await runCli(args, { cwd });
    expect(errorsIn(result.stderr)).toEqual([
      "port-out-of-range a.yaml:18:11",
      "input-empty b.yaml:1:1",
      "syntax-invalid c.yaml:1:4",
      "input-unreadable d.yaml",
    ]);
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("one object in two files names both places", async () => {
    const cwd = workspace({ "a.yaml": cluster, "b.yaml": `# again\n${node}` });
    const { stderr, code } = await runCli(["compile", "-f", "a.yaml", "-f", "b.yaml"], { cwd });
    expect(errorsIn(stderr)).toEqual(["object-duplicate b.yaml:2:1"]);
    expect(stderr).toContain("= first definition at a.yaml:1:1");
    expect(code).toBe(3);
  });
});

describe("files that cannot be read", () => {
  it("missing, dangling and endless links, and directories without manifests", async () => {
    const cwd = workspace({ "good.yaml": cluster, "none/README": "" });
    symlinkSync("nowhere.yaml", join(cwd, "dangling.yaml"));
    symlinkSync("loop.yaml", join(cwd, "loop.yaml"));
    const names = ["missing.yaml", "dangling.yaml", "loop.yaml", "none", "good.yaml/x.yaml"];
    const args = ["compile", "--node", "node1", ...names.flatMap((name) => ["-f", name])];
    const { stderr, stdout, code } = await runCli(args, { cwd });
    expect(errorsIn(stderr)).toEqual([
      "input-unreadable missing.yaml",
      "input-unreadable dangling.yaml",
      "input-unreadable loop.yaml",
      "input-empty none",
      "input-unreadable good.yaml/x.yaml",
    ]);
    expect({ stdout, code }).toEqual({ stdout: "", code: 3 });
  });

  it("a directory that leads back to itself ends, and is named", async () => {
    const cwd = workspace({ "dir/cluster.yaml": cluster, "dir/sub/more.yaml": second });
    symlinkSync("..", join(cwd, "dir/sub/up"));
    const { stderr, code } = await runCli(["compile", "-R", "-f", "dir"], { cwd });
    expect(errorsIn(stderr)).toContain("input-unreadable dir/sub/up");
    expect(code).toBe(3);
  });

  it("a dangling link in a directory is named itself", async () => {
    const cwd = workspace({ "dir/cluster.yaml": cluster });
    symlinkSync("nowhere", join(cwd, "dir/link.yaml"));
    const { stderr, code } = await runCli(["compile", "-f", "dir"], { cwd });
    expect(errorsIn(stderr)).toEqual(["input-unreadable dir/link.yaml"]);
    expect(code).toBe(3);
  });

  it("no permission", skipFor(rootReads), async () => {
    const cwd = workspace();
    writeFileSync(join(cwd, "secret.yaml"), cluster, { mode: 0o000 });
    const { stderr, code } = await runCli(["compile", "-f", "secret.yaml"], { cwd });
    expect(errorsIn(stderr)).toEqual(["input-unreadable secret.yaml"]);
    expect(stderr).toContain("permission denied");
    expect(code).toBe(3);
  });

  it("standard input with nothing in it", async () => {
    const { stderr, code } = await runCli(["compile", "-f", "-"]);
    expect(errorsIn(stderr)).toEqual(["input-empty standard input:1:1"]);
    expect(code).toBe(3);
  });

  it("--proxy-config that is another document, or two", async () => {
    const cwd = workspace({ "in.yaml": cluster, "config.yaml": "apiVersion: v1\nkind: Pod\n" });
    mkdirSync(join(cwd, "empty"));
    const { stderr, code } = await runCli(["compile", "-f", "in.yaml", "--proxy-config", "config.yaml"], { cwd });
    expect(errorsIn(stderr)).toEqual(["proxy-config-wrong-kind config.yaml:1:1"]);
    expect(code).toBe(3);
    const strange = workspace({ "in.yaml": cluster, "config.yaml": "kind: {toString: 1}\napiVersion: [1]\n" });
    const other = await runCli(["compile", "-f", "in.yaml", "--proxy-config", "config.yaml"], { cwd: strange });
    expect(other.code).toBe(3);
  });
});

describe("the node", () => {
  it("an unknown name: did you mean", async () => {
    const result = await runCli(["compile", "-f", "-", "--node", "nodel"], { stdin: cluster });
    expect(errorsIn(result.stderr)).toEqual(["node-unknown -"]);
    expect(result.stderr).toContain("= hint: did you mean node1?");
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("two Nodes and no --node", async () => {
    const stdin = `${cluster}---\n${replaced(node, "node1", "node2")}`;
    const result = await runCli(["compile", "-f", "-"], { stdin });
    expect(errorsIn(result.stderr)).toEqual(["node-not-chosen -"]);
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("no Node and no --node", async () => {
    const result = await runCli(["compile", "-f", "-"], { stdin: `${service}---\n${slice}` });
    expect(errorsIn(result.stderr)).toEqual(["node-name-needed -"]);
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });
});

describe("warned about, and compiled", () => {
  const warned: readonly (readonly [name: string, text: string, problem: string])[] = [
    [
      "a slice of no Service",
      inSlice("service-name: web", "service-name: wep"),
      "warning[slice-of-unknown-service] -:21:1",
    ],
    [
      "an FQDN slice",
      inSlice("IPv4\nendpoints:\n- addresses: [10.0.1.5]", "FQDN\nendpoints:\n- addresses: [a.example.com]"),
      "warning[slice-fqdn-ignored] -:27:14",
    ],
    ["leading zeros", inSlice("10.0.1.5", "010.0.1.5"), "warning[ip-not-canonical] -:29:15"],
    [
      "an unknown field",
      inService("  clusterIP:", "  clusterIp: 10.96.0.1\n  clusterIP:"),
      "warning[field-unknown] -:16:3",
    ],
    [
      "an unknown field of the configuration",
      config("iptables: {masqueradeBits: 4}"),
      "warning[field-unknown] -:36:12",
    ],
    ["a node port outside the range", inService("30080", "8080"), "warning[node-port-out-of-range] -:19:15"],
    ["no endpoints at all", [node, service].join("---\n"), "warning[no-endpoint-objects] -"],
    ["no clusterIP", inService("  clusterIP: 10.96.0.10\n", ""), "warning[cluster-ip-missing] -:14:1"],
  ];
  it.each(warned)("%s", async (_, text, problem) => {
    const file = join(workspace({ "in.yaml": text }), "in.yaml");
    const { stderr, stdout, code } = await compileInProcess({ filename: [file], node: "node1" });
    const place = problem.replace(" -:", ` ${file}:`);
    expect(problemsIn(stderr)).toContain(place);
    expect(errorsIn(stderr)).toEqual([]);
    expect(stdout).toContain("==> iptables.restore <==\n*filter\n");
    expect(code).toBe(0);
    if (problem.includes("field-unknown")) expect(stderr).toMatch(/hint: did you mean (clusterIP|masqueradeBit)\?/);
  });
});
