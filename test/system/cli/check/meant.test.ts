import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster } from "../../../harness/cluster-text.ts";
import { problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";
import { check, faulty, rules, withIps } from "./check-inputs.ts";

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
    expect({ code, stdout }).toEqual({ code: 0, stdout: "No findings; 2 suppressed. Mode iptables, 1 node.\n" });
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
    expect(all).toMatchObject({ code: 0, stdout: "No findings; 2 suppressed. Mode iptables, 1 node.\n" });
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
    ["no JSON", "{", "not valid JSON"],
    ["something else", '{"kind": "List"}', "not a Baseline"],
    ["broken", '{"kind": "Baseline", "findings": [{"code": 1}]}', "findings[0] lacks"],
  ])("a baseline that is %s", async (_, text, says) => {
    const files = { "in.yaml": cluster, ...(text === undefined ? {} : { "base.json": text }) };
    const { code, stdout, stderr } = await check(["-f", "in.yaml", "--baseline", "base.json"], files);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(says);
  });
});
