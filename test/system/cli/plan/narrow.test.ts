import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { dumpOfTwo, dumpWithoutNodePorts, textOfTwo } from "../../../harness/two-services.ts";

const files = () =>
  workspace({
    "state.json": textOfTwo(),
    "bare.txt": dumpWithoutNodePorts(),
    "api.txt": dumpOfTwo((rules) => rules.replace(/^.*--dport 30082.*\n/gm, "")),
    "old.txt": dumpOfTwo((rules) => rules.replaceAll("other/api", "other/old")),
  });

const plan = (args: readonly string[], cwd = files()) =>
  runCli(["plan", "-f", "state.json", "--node", "node1", ...args], { cwd });

describe("plan", () => {
  it.each([
    [["-n", "shop"], "shop/web", "other/api"],
    [["-l", "app=api"], "other/api", "shop/web"],
    [["--service", "web"], "shop/web", "other/api"],
  ])("%j shows that Service's changes, and the steps of all", async (args, service, other) => {
    const { code, stdout } = await plan(["--actual", "bare.txt", ...args]);
    expect(code, stdout).toBe(1);
    expect(stdout).toContain(`+ ${service}  1 rule`);
    expect(stdout).not.toContain(other);
    expect(stdout).toContain(
      `1 to add, 0 to change, 0 to remove, on node1.\n1 change of another Service is not shown (${args.join(" ")}).\n`,
    );
    expect(stdout).toContain("\nSteps for all Services:\n");
  });

  it("has nothing to do for what is shown", async () => {
    const { code, stdout } = await plan(["--actual", "api.txt", "-n", "shop"]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        "Node node1, iptables mode, IPv4 (iptables-nft): nothing to do for the Services shown.\n" +
        "1 change of another Service is not shown (-n shop).\n",
    });
  });

  it("has nothing to do at all", async () => {
    const cwd = workspace({ "state.json": textOfTwo(), "same.txt": dumpOfTwo() });
    const { code, stdout } = await plan(["--actual", "same.txt", "-n", "shop"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/: the host matches, nothing to do\.\n-n shop hides nothing\.\n$/);
  });

  it("as JSON has no steps, and apply refuses it", async () => {
    const { code, stdout } = await plan(["--actual", "bare.txt", "-n", "shop", "-o", "json"]);
    const document = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(document.notShown).toEqual({ filter: "-n shop", changes: 1, services: 1 });
    expect(document.changes.map(({ service }: { service: string }) => service)).toEqual(["shop/web"]);
    expect(document).not.toHaveProperty("steps");
    const applied = await runCli(["apply", "narrowed.plan"], { cwd: workspace({ "narrowed.plan": stdout }) });
    expect(applied.code).toBe(3);
    expect(applied.stderr).toContain("it contains only a part of a plan: create it without -n, -l and --service");
  });

  it("finds a Service that only the host has", async () => {
    const { code, stdout } = await plan(["--actual", "old.txt", "--service", "other/old"]);
    expect(code, stdout).toBe(1);
    expect(stdout).toContain("- other/old");
    expect(stdout).not.toContain("other/api");
  });

  it("refuses a filter that asks for nothing", async () => {
    const { code, stdout, stderr } = await plan(["--actual", "bare.txt", "--service", "shop/wab"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("no Service matches --service shop/wab; did you mean --service shop/web?");
  });

  it.each([
    ["-n", "shop"],
    ["-l", "app=web"],
    ["--service", "web"],
  ])("--out is not narrowed by %s", async (...args) => {
    const cwd = files();
    const { code, stderr } = await plan(["--actual", "bare.txt", "--out", "saved.plan", ...args], cwd);
    expect(code).toBe(2);
    expect(stderr).toContain("cannot be used with option");
    expect(readdirSync(cwd)).not.toContain("saved.plan");
  });
});
