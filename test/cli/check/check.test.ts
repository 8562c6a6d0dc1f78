import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalog } from "../../../src/diagnostics/catalog.ts";
import { cluster, node, replaced, service, slice } from "../clusters.ts";
import { hasControls } from "../controls.ts";
import { type CliResult, errorsIn, problemsIn, runCli, workspace } from "../run-cli.ts";

const withIps = [node, `${service}  externalIPs: [203.0.113.9]\n`, slice].join("---\n");
const faulty = withIps.replace("nodeName: node1", "conditions: {ready: false}");
const rules = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\n[3:120] -A INPUT -s 10.0.0.1/32 -j DROP\nCOMMIT\n";

const check = (args: readonly string[], files: Readonly<Record<string, string>>): Promise<CliResult> =>
  runCli(["check", ...args], { cwd: workspace(files) });

describe("check of cluster state", () => {
  it("finds nothing in a cluster without faults", async () => {
    const { code, stdout, stderr } = await check(["-f", "in.yaml"], { "in.yaml": cluster });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "No findings. Mode iptables, one node.\n",
      stderr: "",
    });
  });

  it("prints findings on stdout with their places", async () => {
    const { code, stdout, stderr } = await check(["-f", "in.yaml"], { "in.yaml": faulty });
    expect(problemsIn(stdout)).toEqual([
      "warning[endpoints-all-unready] in.yaml:12:9",
      "warning[external-ips-deprecated] in.yaml:20:3",
    ]);
    expect(stdout).toMatch(/\n2 warnings\. Mode iptables, one node\.\n$/);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  });

  it("names the nodes that a finding holds for", async () => {
    const nodes = ["a", "b", "c"].map((name, index) =>
      replaced(replaced(node, "node1", name), "192.0.2.10", `192.0.2.1${index}`),
    );
    const local = `${service}  internalTrafficPolicy: Local\n`;
    const files = { "in.yaml": [...nodes, local, replaced(slice, "node1", "a")].join("---\n") };
    expect((await check(["-f", "in.yaml"], files)).stdout).toContain("   = on 2 nodes: b, c\n");
    expect((await check(["-f", "in.yaml", "--node", "b"], files)).stdout).toContain("   = on node b\n");
    expect((await check(["-f", "in.yaml", "--node", "a"], files)).code).toBe(0);
    const unknown = await check(["-f", "in.yaml", "--node", "d"], files);
    expect(unknown).toMatchObject({ code: 3, stdout: "" });
    expect(unknown.stderr).toContain("error[node-unknown]");
  });

  it("--fail-on says what counts", async () => {
    const codes = ["error", "warning", "info", "never"].map(
      async (level) => (await check(["-f", "in.yaml", "--fail-on", level], { "in.yaml": withIps })).code,
    );
    expect(await Promise.all(codes)).toEqual([0, 1, 1, 0]);
    const sticky = [node, `${service}  sessionAffinity: ClientIP\n`, slice].join("---\n");
    expect((await check(["-f", "in.yaml"], { "in.yaml": sticky })).code).toBe(0);
    expect((await check(["-f", "in.yaml", "--fail-on", "info"], { "in.yaml": sticky })).code).toBe(1);
  });
});

describe("findings that are meant", () => {
  it("--suppress leaves codes out", async () => {
    const args = [
      "-f",
      "in.yaml",
      "--suppress",
      "external-ips-deprecated, vip-shared",
      "--suppress",
      "endpoints-all-unready",
    ];
    const { code, stdout } = await check(args, { "in.yaml": faulty });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "No findings; 2 suppressed. Mode iptables, one node.\n" });
  });

  it("--suppress of an unknown code is a usage error", async () => {
    const { code, stdout, stderr } = await check(["-f", "in.yaml", "--suppress", "vip-share"], { "in.yaml": faulty });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Did you mean vip-shared?");
  });

  it("the annotation portolan/suppress leaves out those of its object", async () => {
    const annotate = (codes: string): string =>
      faulty.replace(
        "  namespace: shop\nspec:",
        `  namespace: shop\n  annotations: {portolan/suppress: "${codes}"}\nspec:`,
      );
    const all = await check(["-f", "in.yaml"], {
      "in.yaml": annotate("endpoints-all-unready, external-ips-deprecated"),
    });
    expect(all).toMatchObject({ code: 0, stdout: "No findings; 2 suppressed. Mode iptables, one node.\n" });
    const wrong = await check(["-f", "in.yaml"], {
      "in.yaml": annotate("endpoints-all-unready,external-ip-deprecated"),
    });
    expect(problemsIn(wrong.stdout)).toEqual([
      "warning[suppression-unknown] in.yaml:14:36",
      "warning[external-ips-deprecated] in.yaml:21:3",
    ]);
    expect(wrong.stdout).toContain("did you mean external-ips-deprecated?");
  });

  it("a baseline holds what is known, wherever it has moved", async () => {
    const cwd = workspace({ "in.yaml": withIps, "rules.save": rules });
    const both = ["check", "-f", "in.yaml", "--actual", "rules.save"];
    const written = await runCli([...both, "--write-baseline", "base.json"], { cwd });
    expect(written).toMatchObject({ code: 0, stdout: "", stderr: "base.json: 2 findings\n" });
    const text = readFileSync(join(cwd, "base.json"), "utf8");
    expect(JSON.parse(text).findings).toEqual([
      { code: "rule-unreachable", object: "Chain filter/INPUT", field: "-A INPUT -s 10.0.0.1/32 -j DROP", count: 1 },
      { code: "external-ips-deprecated", object: "Service shop/web", field: "spec.externalIPs", count: 1 },
    ]);
    const moved = workspace({
      "in.yaml": `# a line more\n${faulty}`,
      "rules.save": `# a line more\n${rules.replace("[3:120]", "[4:160]")}`,
      "base.json": text,
    });
    const { code, stdout } = await runCli([...both, "--baseline", "base.json"], { cwd: moved });
    expect(problemsIn(stdout)).toEqual(["warning[endpoints-all-unready] in.yaml:13:9"]);
    expect(stdout).toContain("1 warning; 2 in the baseline.");
    expect(code).toBe(1);
    await runCli([...both, "--write-baseline", "again.json"], { cwd });
    expect(readFileSync(join(cwd, "again.json"), "utf8")).toBe(text);
  });

  it.each([
    ["missing", undefined, "no such file"],
    ["no JSON", "{", "it is not JSON"],
    ["something else", '{"kind": "List"}', "it is no Baseline"],
    ["broken", '{"kind": "Baseline", "findings": [{"code": 1}]}', "findings[0] lacks"],
  ])("a baseline that is %s", async (_, text, says) => {
    const files = { "in.yaml": cluster, ...(text === undefined ? {} : { "base.json": text }) };
    const { code, stdout, stderr } = await check(["-f", "in.yaml", "--baseline", "base.json"], files);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(says);
  });
});

describe("formats", () => {
  const files = { "in.yaml": faulty };

  it("json", async () => {
    const { code, stdout } = await check(["-f", "in.yaml", "-o", "json"], files);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      apiVersion: "portolan/v1alpha1",
      kind: "CheckReport",
      mode: "iptables",
      nodes: ["node1"],
      failOn: "warning",
      summary: { error: 0, warning: 2, info: 0, suppressed: 0, baseline: 0 },
    });
    expect(report.findings[1]).toMatchObject({
      code: "external-ips-deprecated",
      object: "Service shop/web",
      field: "spec.externalIPs",
      file: "in.yaml",
      line: 20,
      column: 3,
    });
    expect(code).toBe(1);
  });

  it("sarif", async () => {
    const { stdout } = await check(["-f", "in.yaml", "-o", "sarif"], files);
    const { version, runs, $schema } = JSON.parse(stdout);
    expect({ version, count: runs.length }).toEqual({ version: "2.1.0", count: 1 });
    expect($schema).toMatch(/^https:.*sarif-2\.1\.0\.json$/);
    const [{ tool, results }] = runs;
    expect(tool.driver.name).toBe("portolan");
    for (const result of results) {
      expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(["error", "warning", "note"]).toContain(result.level);
      expect(result.message.text).not.toBe("");
      const [{ physicalLocation }] = result.locations;
      expect(physicalLocation.artifactLocation.uri).toBe("in.yaml");
      expect(physicalLocation.region.startLine).toBeGreaterThan(0);
      expect(physicalLocation.region.endColumn).toBeGreaterThan(physicalLocation.region.startColumn);
    }
    for (const { shortDescription, fullDescription } of tool.driver.rules) {
      expect(shortDescription.text.length * fullDescription.text.length).toBeGreaterThan(0);
    }
  });

  it("junit", async () => {
    const { stdout } = await check(["-f", "in.yaml", "-o", "junit"], files);
    expect(stdout).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites [^>]*tests="2" failures="2"/);
    expect(stdout.match(/<testcase /g)).toHaveLength(2);
    expect(stdout).toContain('name="external-ips-deprecated: Service shop/web" file="in.yaml" line="20"');
    const passing = await check(["-f", "in.yaml", "-o", "junit", "--fail-on", "error"], files);
    expect(passing.stdout).toContain('failures="0"');
    expect(passing.stdout).not.toContain("<failure");
    const clean = await check(["-f", "in.yaml", "-o", "junit"], { "in.yaml": cluster });
    expect(clean.stdout).toContain('<testcase classname="portolan.check" name="no findings"/>');
  });

  it("github: the ten worst, then a count", async () => {
    const { stdout } = await check(["-f", "in.yaml", "-o", "github"], files);
    expect(stdout.split("\n")[1]).toBe(
      "::warning file=in.yaml,line=20,col=3,title=external-ips-deprecated%3A Service shop/web::" +
        `${catalog["external-ips-deprecated"].message}%0Ahint: ${catalog["external-ips-deprecated"].hint}`,
    );
    const many = Array.from({ length: 12 }, (_, n) =>
      withIps
        .replaceAll("web", `web${n}`)
        .replace("10.96.0.10", `10.96.0.${n}`)
        .replace("30080", String(30080 + n)),
    ).map((text, n) => text.replace("203.0.113.9", `203.0.113.${n}`).slice(n === 0 ? 0 : text.indexOf("---\n") + 4));
    const busy = await check(["-f", "in.yaml", "-o", "github"], { "in.yaml": many.join("---\n") });
    expect(busy.stdout.match(/^::/gm)).toHaveLength(10);
    expect(busy.stdout).toContain("portolan check: 12 warnings. 2 more are not annotated.\n");
  });

  it("text of the input breaks out of none of them", async () => {
    const rude = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j \u001b[31mGO%0A<b>&"\nCOMMIT\n'.replace('"', "");
    for (const format of ["text", "json", "junit", "sarif", "github"]) {
      const { code, stdout } = await check(["--actual", "a,b:c.save", "-o", format], { "a,b:c.save": rude });
      expect({ format, code, controls: hasControls(stdout) }).toEqual({ format, code: 1, controls: false });
      if (format === "junit") expect(stdout).not.toContain("<b>");
      if (format === "github") expect(stdout).toContain("file=a%2Cb%3Ac.save,line=3");
    }
  });
});

describe("check --actual", () => {
  it("places findings in the file", async () => {
    const { code, stdout } = await check(["--actual", "rules.save"], { "rules.save": rules });
    expect(problemsIn(stdout)).toEqual(["warning[rule-unreachable] rules.save:4:1"]);
    expect(stdout).toContain("taken at rules.save:3:1");
    expect(stdout).toContain("= in Chain filter/INPUT\n");
    expect(code).toBe(1);
  });

  it("reads standard input, folders of nodes and what lies beside", async () => {
    expect((await runCli(["check", "--actual", "-"], { stdin: rules })).stdout).toContain("standard input:4:1");
    const files = {
      "out/n1/iptables.restore": rules,
      "out/n2/iptables.restore": rules,
      "out/n1/apply.sh": "#!/bin/sh\n",
    };
    expect(problemsIn((await check(["--actual", "out"], files)).stdout)).toEqual([
      "warning[rule-unreachable] out/n1/iptables.restore:4:1",
      "warning[rule-unreachable] out/n2/iptables.restore:4:1",
    ]);
  });

  it.each([
    ["a file that is not there", {}, ["dump-unreadable in"]],
    ["broken lines", { in: rules.replace("COMMIT", "COMIT") }, ["dump-line-broken in:1:1", "dump-line-broken in:5:1"]],
    ["a text that is cut off", { in: rules.slice(0, 60) }, ["dump-line-broken in:1:1", "dump-line-broken in:4:1"]],
    ["ten megabytes of rubbish", { in: "x#\u0007 7{[\n".repeat(1_000_000) }, ["dump-unrecognised in:1:1"]],
    ["ten megabytes of rubbish in a table", { in: `*filter\n${"-Z rubbish\n".repeat(900_000)}` }, undefined],
  ])("%s", async (_, files, errors) => {
    const { code, stdout, stderr } = await check(["--actual", "in"], files as Record<string, string>);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    if (errors !== undefined) expect(errorsIn(stderr)).toEqual(errors);
    expect(errorsIn(stderr).length).toBeLessThan(30);
    expect(stderr).toMatch(/nothing was checked\n$/);
    expect(hasControls(stderr)).toBe(false);
  });
});

describe("input that cannot be read", () => {
  it.each([
    ["nothing to check", [], {}, 2],
    ["YAML that is broken", ["-f", "in.yaml"], { "in.yaml": "a: [\n" }, 3],
    ["a file that is not there", ["-f", "in.yaml"], {}, 3],
    ["ten megabytes of rubbish", ["-f", "in.yaml"], { "in.yaml": "x#\u0007 7{[\n".repeat(1_000_000) }, 3],
    ["--node with --all-nodes", ["-f", "in.yaml", "--node", "a", "--all-nodes"], { "in.yaml": cluster }, 2],
  ] as const)("%s", async (_, args, files, code) => {
    const result = await check(args, files);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).not.toBe("");
    expect(hasControls(result.stderr)).toBe(false);
  });

  it("what an API server refuses is a finding", async () => {
    const { code, stdout } = await check(["-f", "in.yaml"], {
      "in.yaml": replaced(cluster, "port: 80\n", "port: 0\n"),
    });
    expect(errorsIn(stdout)).toEqual(["port-out-of-range in.yaml:18:11"]);
    expect(code).toBe(1);
  });
});

describe("help", () => {
  it("has examples and fits a terminal", async () => {
    const { stdout, code } = await runCli(["check", "--help"], { bin: "kubectl-portolan" });
    expect(stdout).toContain("$ kubectl portolan check -R -f deploy -o github --fail-on error");
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(code).toBe(0);
  });
});
