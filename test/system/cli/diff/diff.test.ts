import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, replaced } from "../../../harness/cluster-text.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { compare, vips } from "./compare-sides.ts";

const sides = () =>
  workspace({
    "base.yaml": cluster,
    "head.yaml": replaced(cluster, "30080", "30081"),
    "ipvs.yaml": "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n",
    "over.yaml":
      'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, annotations: {portolan/absent: "true"}}\n',
  });

describe("diff of one state", () => {
  it.each([
    ["BASE under an overlay", ["base.yaml", "--overlay", "over.yaml"], "base.yaml + over.yaml", "iptables"],
    ["-f under an overlay", ["-f", "base.yaml", "--overlay", "over.yaml"], "base.yaml + over.yaml", "iptables"],
    ["under another mode", ["-f", "base.yaml", "--mode", "iptables", "--to-mode", "ipvs"], "base.yaml", "ipvs"],
    ["under another configuration", ["base.yaml", "--to-proxy-config", "ipvs.yaml"], "base.yaml + ipvs.yaml", "ipvs"],
    [
      "under all of it",
      ["base.yaml", "--overlay", "over.yaml", "--to-proxy-config", "ipvs.yaml"],
      "base.yaml + over.yaml + ipvs.yaml",
      "ipvs",
    ],
  ])("%s", async (_, args, name, mode) => {
    const compared = await compare(sides(), args);
    expect(compared).toMatchObject({
      code: 1,
      diff: { base: { name: "base.yaml", mode: "iptables" }, head: { name, mode } },
    });
    expect(compared.diff?.changes.length).toBeGreaterThan(0);
  });

  it("reads standard input once for both sides", async () => {
    const compared = await compare(sides(), ["-", "--overlay", "over.yaml"], { stdin: cluster });
    expect(vips(compared)).toEqual(["10.96.0.10:80/TCP", "nodePort 30080/TCP"]);
  });

  it("tells the modes' own warnings under their mode", async () => {
    const { stderr } = await compare(sides(), ["base.yaml", "--to-mode", "ipvs"]);
    expect(stderr).toMatch(/^diagnostics for base.yaml in ipvs mode:\n/);
  });
});

describe("diff is told wrongly", () => {
  it.each([
    ["nothing", [], "nothing to compare: pass BASE and HEAD, or -f STATE"],
    ["one side", ["base.yaml"], "only one side was passed"],
    [
      "a format that is none",
      ["base.yaml", "head.yaml", "-o", "xml"],
      "text, brief, unified, markdown, html, json, github",
    ],
    ["a report of a format that is none", ["base.yaml", "head.yaml", "--report", "xml=a"], "FORMAT=FILE"],
    ["a report without a file", ["base.yaml", "head.yaml", "--report", "json="], "FORMAT=FILE"],
    [
      "two reports in one file",
      ["base.yaml", "head.yaml", "--report", "json=a", "--report", "html=a"],
      "two outputs have the same file a: pass another file; nothing was written",
    ],
    ["one node of all", ["base.yaml", "head.yaml", "--node", "n", "--all-nodes"], "cannot be used with"],
    ["rules under an overlay", ["out", "--overlay", "over.yaml"], "out contains rules: pass HEAD to compare them with"],
  ])("%s", async (_, args, says) => {
    const cwd = sides();
    await runCli(["compile", "-f", "base.yaml", "--out-dir", "out"], { cwd });
    const { code, stdout, stderr } = await runCli(["diff", ...args], { cwd });
    expect(stderr).toContain(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("diff prints", () => {
  it("every format to stdout, and to files beside it", async () => {
    const cwd = sides();
    const formats = ["text", "brief", "unified", "markdown", "html", "json", "github"];
    const reports = formats.flatMap((format) => ["--report", `${format}=${format}.out`]);
    const { code, stderr } = await runCli(["diff", "base.yaml", "head.yaml", ...reports], { cwd });
    const said = formats.map((format) => `${format}.out: ${format} report written\n`).join("");
    expect({ code, stderr }).toEqual({ code: 1, stderr: said });
    // Pages and Markdown name the command that wrote them.
    const withoutCommand = (text: string) => text.replace(/portolan diff base\.yaml .*/g, "");
    for (const format of formats) {
      const { stdout } = await runCli(["diff", "base.yaml", "head.yaml", "-o", format], { cwd });
      const written = readFileSync(join(cwd, `${format}.out`), "utf8");
      expect(withoutCommand(written), format).toBe(withoutCommand(stdout));
      expect(stdout).toContain("30081");
    }
    expect(statSync(join(cwd, "html.out")).mode & 0o777).toBe(0o644);
  });

  it("nothing at all when a report cannot be written", async () => {
    const cwd = sides();
    const { code, stdout, stderr } = await runCli(["diff", "base.yaml", "head.yaml", "--report", "json=no/such/file"], {
      cwd,
    });
    expect(stderr).toContain("cannot write no/such/file: no such file or directory");
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(readdirSync(cwd)).toEqual(readdirSync(sides()));
  });

  it("no colour to a pipe, and colour when told", async () => {
    const cwd = sides();
    const args = ["diff", "base.yaml", "head.yaml"];
    expect((await runCli(args, { cwd })).stdout).not.toContain("\u001b[");
    expect((await runCli([...args, "--color", "always"], { cwd })).stdout).toContain("\u001b[");
  });
});

it("text that differs and treats no packet differently is a difference, unless traffic alone is asked for", async () => {
  const cwd = sides();
  await runCli(["compile", "-f", "base.yaml", "--out-dir", "out"], { cwd });
  const text =
    readFileSync(join(cwd, "out/iptables.restore"), "utf8") + readFileSync(join(cwd, "out/iptables.jumps"), "utf8");
  const there = workspace({
    "a.save": text,
    "b.save": text.replaceAll('--comment "shop/web cluster IP"', '--comment "shop/web  cluster IP"'),
  });
  const all = await compare(there, ["a.save", "b.save"]);
  const traffic = await compare(there, ["a.save", "b.save", "--detail", "traffic"]);
  expect([all.code, traffic.code]).toEqual([1, 0]);
});
