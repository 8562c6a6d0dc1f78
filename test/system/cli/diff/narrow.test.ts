import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { schemas } from "../../../../src/report/schemas.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { rulesOfTwo, textOfTwo } from "../../../harness/two-services.ts";

const moveBoth = (text: string): string => text.replaceAll("30081", "30091").replaceAll("30082", "30092");
const moveApi = (text: string): string => text.replaceAll("30082", "30092");

const sides = () =>
  workspace({
    "base.json": textOfTwo(),
    "head.json": textOfTwo(moveBoth),
    "api.json": textOfTwo(moveApi),
    "relabelled.json": textOfTwo((text) => moveBoth(text).replace('"app":"web"', '"app":"site"')),
    "swapped.json": textOfTwo((text) =>
      text.replace("10.96.0.1", "10.96.0.9").replace("10.96.0.2", "10.96.0.1").replace("30081", "30089"),
    ),
    "base.save": rulesOfTwo(),
    "head.save": moveBoth(rulesOfTwo()),
  });

const diff = (args: readonly string[]) => runCli(["diff", ...args], { cwd: sides() });

describe("diff shows of the Services asked for", () => {
  it.each([
    ["a namespace's", ["-n", "shop"], "shop/web"],
    ["those with labels", ["-l", "app in (api),app!=web"], "other/api"],
    ["one by name", ["--service", "other/api"], "other/api"],
    ["one by name alone", ["--service", "web"], "shop/web"],
  ])("%s", async (_, args, service) => {
    const { code, stdout } = await diff(["base.json", "head.json", "-o", "brief", ...args]);
    const lines = stdout.trimEnd().split("\n");
    expect(code, stdout).toBe(1);
    expect(lines.slice(0, -1).map((line) => line.split(" ")[2])).toEqual([service, service]);
    expect(lines.at(-1)).toMatch(/^# 2 changes of another Service and 2 rules are not shown \(-/);
  });

  it("what either side's labels match", async () => {
    for (const app of ["web", "site"]) {
      const { stdout } = await diff(["base.json", "relabelled.json", "-o", "brief", "-l", `app=${app}`]);
      expect(stdout).toContain("shop/web nodePort 30091/TCP");
    }
  });

  it("an address that was theirs", async () => {
    const { stdout } = await diff(["base.json", "swapped.json", "-o", "brief", "-n", "shop"]);
    expect(stdout).toMatch(/ other\/api 10\.96\.0\.1:80\/TCP/);
  });

  it("each change once, whoever asks", async () => {
    const changesOf = async (args: readonly string[]) => {
      const { changes, rules } = JSON.parse((await diff(["base.json", "head.json", "-o", "json", ...args])).stdout);
      return { changes, rules };
    };
    const [all, both] = [await changesOf([]), await changesOf(["-n", "shop", "-n", "other"])];
    expect(both).toEqual(all);
    const [shop, other] = [await changesOf(["-n", "shop"]), await changesOf(["-n", "other"])];
    expect(new Set([...shop.changes, ...other.changes])).toEqual(new Set(all.changes));
    expect(shop.changes.length + other.changes.length).toBe(all.changes.length);
  });

  it("and all of what names nobody", async () => {
    const bare = (text: string): string => text.replace(/ -m comment --comment (?:"[^"]*"|\S+)/g, "");
    const cwd = workspace({ "a.save": bare(rulesOfTwo()), "b.save": bare(moveBoth(rulesOfTwo())) });
    const { code, stdout } = await runCli(["diff", "a.save", "b.save", "-n", "shop", "-o", "brief"], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain("nodePort 30092/TCP");
    expect(stdout).toContain("# -n shop hides nothing\n");
  });

  it("by the comments of dumps", async () => {
    const { code, stdout } = await diff(["base.save", "head.save", "-o", "brief", "-n", "shop"]);
    expect(code).toBe(1);
    expect(stdout).toContain("shop/web nodePort 30091/TCP");
    expect(stdout).not.toContain("other/api");
    expect((await diff(["base.save", "head.json", "-o", "brief", "-l", "app=web"])).stdout).not.toContain("other/api");
  });
});

describe("diff says what it leaves out", () => {
  const leftOut = "2 changes of another Service and 2 rules are not shown (-n shop)";
  const whole = "No packet to the Services shown is treated differently.";

  it.each(["text", "brief", "unified", "markdown", "html", "github"])("as %s", async (format) => {
    const { code, stdout } = await diff(["base.json", "api.json", "-n", "shop", "-o", format]);
    expect({ code, says: stdout.includes(leftOut) }, stdout).toEqual({ code: 0, says: true });
    expect(stdout).not.toContain("30092");
    if (["text", "markdown", "html"].includes(format)) expect(stdout).toContain(whole);
  });

  it("as JSON, by the schema", async () => {
    const isValid = new Ajv2020({ allowUnionTypes: true }).compile(schemas.diff?.schema ?? {});
    const narrowed = JSON.parse((await diff(["base.json", "head.json", "-n", "shop", "-o", "json"])).stdout);
    const all = JSON.parse((await diff(["base.json", "head.json", "-o", "json"])).stdout);
    expect([isValid(narrowed), isValid(all), isValid.errors]).toEqual([true, true, null]);
    expect(narrowed.notShown).toEqual({ filter: "-n shop", changes: 2, services: 1, rules: 2 });
    expect(narrowed.summary.services).toBe(1);
    expect(narrowed.rules).toMatchObject({ added: 1, removed: 1 });
    expect(all.notShown).toBeNull();
    expect(all.summary.services).toBe(2);
  });

  it("in the rules, and says so where nothing is left out", async () => {
    const { stdout } = await diff(["base.json", "head.json", "-n", "shop", "--detail", "rules"]);
    expect(stdout).toContain("Rules on node1: 1 added, 0 changed, 1 removed");
    expect(stdout).not.toMatch(/^ {2}[+-] .*other\/api/m);
    const equal = await diff(["base.json", "base.json", "-n", "shop"]);
    expect(equal.code).toBe(0);
    expect(equal.stdout).toContain("\n-n shop hides nothing\n");
  });

  it("in ipvs mode, by entry and virtual server", async () => {
    const { stdout } = await diff(["base.json", "head.json", "-n", "shop", "--mode", "ipvs", "-o", "unified"]);
    expect(stdout).toMatch(/^# 2 changes of another Service and \d+ rules are not shown/);
    expect(stdout).toContain("+add KUBE-NODE-PORT-TCP 30091");
    expect(stdout).not.toMatch(/3009?82|30092/);
  });
});

describe("diff refuses", () => {
  it.each([
    ["a namespace that is not there", ["base.json", "head.json", "-n", "shopp"], 3, "did you mean -n shop?"],
    ["a name that is not there", ["base.save", "head.save", "--service", "wab"], 3, "did you mean --service web?"],
    ["labels where only rules are given", ["base.save", "head.save", "-l", "app=web"], 2, "pass the state too"],
    ["what is no selector", ["base.json", "head.json", "-l", "app in web"], 2, "  app in web\n         ^\n"],
    ["two selectors", ["base.json", "head.json", "-l", "a=b", "-l", "c=d"], 2, "separate requirements with commas"],
    ["what is no name", ["base.json", "head.json", "--service", "a/b/c"], 2, "NAMESPACE/NAME or NAME"],
  ])("%s", async (_, args, code, says) => {
    const result = await diff(args);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
    expect(result.stderr).toContain(says);
  });

  it("not one name of several that is not there, and tells it", async () => {
    const { code, stderr } = await diff(["base.json", "head.json", "-n", "shop", "-n", "shopp"]);
    expect(code).toBe(1);
    expect(stderr).toContain("note: no Service matches -n shopp; did you mean -n shop?");
  });

  it("to let a selector act on a terminal", async () => {
    const { stderr } = await diff(["base.json", "head.json", "-l", "a=\u001b[2J"]);
    expect(stderr).toContain("a=\\u001b[2J");
    expect(stderr).not.toContain("\u001b");
  });
});
