import { describe, expect, it } from "vitest";
import { runCli } from "../../../harness/run-cli.ts";
import { asked, stateFlags } from "./ask-packet.ts";

describe("the command as a process", () => {
  it("wrong input: exit 3, and nothing on stdout", async () => {
    const result = await runCli(["explain", "packet", ...asked("node", "10.96.0.20:80"), "-f", "-"], { stdin: "a: [" });
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("without rules to ask: usage", async () => {
    const result = await runCli(["explain", "packet", ...asked("node", "10.96.0.20:80")]);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("no input: pass -f STATE, --live, or --actual DUMP");
  });

  it("flags after it are its own, not those of explain", async () => {
    const args = ["explain", "packet", ...asked("node", "svc/shop/web"), ...stateFlags, "-o", "json"];
    const { stdout, code } = await runCli(args);
    expect(JSON.parse(stdout).kind).toBe("PacketExplanation");
    expect(code).toBe(0);
  });
});
