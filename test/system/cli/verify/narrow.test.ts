import { describe, expect, it } from "vitest";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { dumpOfTwo, dumpWithoutNodePorts, textOfTwo } from "../../../harness/two-services.ts";

const files = () =>
  workspace({
    "state.json": textOfTwo(),
    "bare.txt": dumpWithoutNodePorts(),
    "moved.txt": dumpOfTwo((rules) => rules.replaceAll("10.244.1.2:8080", "10.244.1.9:8080")),
    "foreign.txt": dumpOfTwo((rules) =>
      rules.replace("-A PREROUTING", "-A PREROUTING -s 198.51.100.7/32 -j ACCEPT\n-A PREROUTING"),
    ),
  });

const verify = (args: readonly string[]) =>
  runCli(["verify", "-f", "state.json", "--node", "node1", ...args], { cwd: files() });

describe("verify", () => {
  it("shows of a shared chain the lines of the Services asked for", async () => {
    const { code, stdout } = await verify(["--actual", "bare.txt", "-n", "shop"]);
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(
      /^missing: 1 of 2 rules of KUBE-NODEPORTS is missing \(nat, IPv4\)\n {2}affects shop\/web\n {2}connections to nodePort 30081 from anywhere reach the node itself/,
    );
    expect(stdout).not.toContain("other/api");
    expect(stdout).toContain(
      "Node node1: 1 difference for the Services shown.\n1 finding of another Service is not shown (-n shop).\n",
    );
  });

  it.each([
    [["-n", "shop"], 0],
    [["--service", "web"], 0],
    [["-l", "app=web"], 0],
    [["-n", "other"], 1],
    [["-l", "app!=web"], 1],
    [[], 1],
  ])("%j decides the exit code by what is shown", async (args, code) => {
    const result = await runCli(["drift", "-f", "state.json", "--node", "node1", "--actual", "moved.txt", ...args], {
      cwd: files(),
    });
    expect(result.code, result.stdout).toBe(code);
    if (code === 0)
      expect(result.stdout).toMatch(/^Node node1: no drift for the Services shown\.\n\d findings? of another Service /);
  });

  it("shows what concerns the shared base chains", async () => {
    const { code, stdout } = await verify(["--actual", "foreign.txt", "-n", "shop"]);
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(
      /^foreign-rules-first: 1 rule of other programs comes before .* in PREROUTING \(nat, IPv4\)$/m,
    );
    expect(stdout).toMatch(/^ {2}connections to .* from 198\.51\.100\.7 get no answer \(no rule handles them\)$/m);
    expect(stdout).toContain("-n shop hides nothing.\n");
  });

  it("says as JSON what is left out", async () => {
    const report = JSON.parse((await verify(["--actual", "bare.txt", "-n", "shop", "-o", "json"])).stdout);
    expect(report).toMatchObject({ drift: true, notShown: { filter: "-n shop", findings: 1, services: 1 } });
    expect(JSON.stringify(report.findings)).not.toContain("other/api");
    expect(report.findings[0]).toMatchObject({
      kind: "missing",
      what: "1 of 2 rules of KUBE-NODEPORTS is missing (nat, IPv4)",
      chain: { family: "ipv4", table: "nat", name: "KUBE-NODEPORTS", rules: 2 },
      traffic: [{ destinations: ["nodePort 30081"], from: ["anywhere"], isHidden: false }],
    });
    expect(report.findings[0].traffic[0].sentence).toMatch(
      /^connections to nodePort 30081 from anywhere reach the node/,
    );
    const all = JSON.parse((await verify(["--actual", "bare.txt", "-o", "json"])).stdout);
    expect(all).not.toHaveProperty("notShown");
  });

  it("refuses a filter that asks for nothing, and to narrow a repair", async () => {
    const nothing = await verify(["--actual", "bare.txt", "-l", "app=wab"]);
    expect({ code: nothing.code, stdout: nothing.stdout }).toEqual({ code: 3, stdout: "" });
    expect(nothing.stderr).toContain("did you mean -l app=web?");
    const repair = await verify(["--actual", "bare.txt", "-n", "shop", "--fix"]);
    expect({ code: repair.code, stdout: repair.stdout }).toEqual({ code: 2, stdout: "" });
  });
});
