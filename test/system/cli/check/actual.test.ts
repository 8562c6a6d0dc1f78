import { describe, expect, it } from "vitest";
import { hasControls } from "../../../harness/controls.ts";
import { errorsIn, problemsIn, runCli } from "../../../harness/run-cli.ts";
import { check, rules } from "./check-inputs.ts";

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
