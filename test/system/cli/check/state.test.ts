import { describe, expect, it } from "vitest";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { hasControls } from "../../../harness/controls.ts";
import { errorsIn, problemsIn, runCli } from "../../../harness/run-cli.ts";
import { check, faulty, withIps } from "./check-inputs.ts";

describe("check of cluster state", () => {
  it("finds nothing in a cluster without faults", async () => {
    const { code, stdout, stderr } = await check(["-f", "in.yaml"], { "in.yaml": cluster });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "No findings. Mode iptables, 1 node.\n",
      stderr: "",
    });
  });

  it("prints findings on stdout with their places", async () => {
    const { code, stdout, stderr } = await check(["-f", "in.yaml"], { "in.yaml": faulty });
    expect(problemsIn(stdout)).toEqual([
      "warning[endpoints-all-unready] in.yaml:12:9",
      "warning[external-ips-deprecated] in.yaml:20:3",
    ]);
    expect(stdout).toMatch(/\n2 warnings\. Mode iptables, 1 node\.\n$/);
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
