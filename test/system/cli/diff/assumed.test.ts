import { describe, expect, it } from "vitest";
import { cluster, replaced } from "../../../harness/cluster-text.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { compare } from "./compare-sides.ts";

const plain = (name: string, port = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {app: ${name}}, ports: [{port: ${port}}]}\n`;
const over = (...objects: readonly string[]): string => objects.join("---\n");

describe("Services without a cluster IP are told where they differ", () => {
  const assumed = async (base: string, head: string, ...more: readonly string[]) => {
    const cwd = workspace({ "base.yaml": over(cluster, base), "head.yaml": over(cluster, head) });
    const { diff } = await compare(cwd, ["base.yaml", "head.yaml", ...more]);
    return (diff?.assumptions ?? []).filter((one) => one.includes("no cluster IP"));
  };

  it("in the text, 80 columns wide, under the claim", async () => {
    const cwd = workspace({ "base.yaml": cluster, "new.yaml": plain("new") });
    const { stdout, code } = await runCli(["diff", "base.yaml", "--overlay", "new.yaml"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("No packet is treated differently.");
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "assumed: shop/new has no cluster IP, and therefore no rules; pass --simulate to assign it one ",
    );
    expect(stdout.split("\n").every((line) => line.length <= 80)).toBe(true);
    const simulated = await runCli(["diff", "base.yaml", "--overlay", "new.yaml", "--simulate"], { cwd });
    expect(simulated.code).toBe(1);
    expect(simulated.stdout).not.toContain("no cluster IP");
  });

  it("that HEAD or BASE alone has, or that change; others are not", async () => {
    const says = "shop/new has no cluster IP, and therefore no rules; pass --simulate to assign it one";
    expect(await assumed("", plain("new"))).toEqual([says]);
    expect(await assumed(plain("new"), "")).toEqual([says]);
    expect(await assumed(plain("new"), plain("new", 81))).toEqual([says]);
    expect(await assumed(plain("new"), plain("new"))).toEqual([]);
    expect(await assumed("", plain("new"), "--simulate")).toEqual([]);
  });

  it("with the side that lacks it where the other has one", async () => {
    const given = replaced(plain("new"), "spec: {", "spec: {clusterIP: 10.96.0.99, ");
    expect(await assumed(plain("new"), given)).toEqual([
      "shop/new has no cluster IP in base.yaml, and therefore no rules; pass --simulate to assign it one",
    ]);
  });

  it("many of them folded", async () => {
    const many = over(...["a", "b", "c", "d"].map((name) => plain(name)));
    expect(await assumed("", many)).toEqual([
      "shop/a, shop/b and 2 more have no cluster IP, and therefore no rules; pass --simulate to assign them one",
    ]);
  });
});

describe("what an overlay does not act out is told", () => {
  const deployment = (namespace: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ${namespace}}\nspec: {replicas: 9}\n`;
  const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop}\nspec: {}\n";
  const stays = "objects that the overlay does not name are unchanged";
  const pods = "pods are those of the state: changes of replicas and pod templates are not simulated";
  const cwd = () =>
    workspace({
      "base.yaml": over(cluster, pod),
      "deployment.yaml": deployment("shop"),
      "elsewhere.yaml": deployment("other"),
      "moved.yaml": replaced(cluster, "30080", "30081"),
    });

  it.each([
    ["an overlay", ["base.yaml", "--overlay", "moved.yaml"], [stays]],
    ["workloads over pods", ["base.yaml", "--overlay", "deployment.yaml"], [stays, pods]],
    ["workloads over pods, simulated", ["base.yaml", "--overlay", "deployment.yaml", "--simulate"], [stays, pods]],
    ["workloads of a namespace without pods", ["base.yaml", "--overlay", "elsewhere.yaml"], [stays]],
    ["two states", ["base.yaml", "moved.yaml"], []],
    ["two sides laid over one state", ["-f", "base.yaml", "moved.yaml", "deployment.yaml"], []],
    ["another mode", ["base.yaml", "--to-mode", "ipvs"], []],
  ])("%s", async (_, args, told) => {
    const { diff, stderr } = await compare(cwd(), args);
    const found = diff?.assumptions.filter((one) => [stays, pods].includes(one));
    expect(found, stderr).toEqual(told);
  });
});
