import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster } from "../../../harness/cluster-text.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";

/** What bash offers for the last of these words. */
function complete(script: string, words: readonly string[]): readonly string[] {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const code = `source '${script}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _portolan; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync("bash", ["--norc", "-c", code], { encoding: "utf8" });
  return printed.split("\n").filter((word) => word !== "");
}

describe("completion", () => {
  it("bash completes commands, flags, values and files", async () => {
    const { stdout, code } = await runCli(["completion", "bash"]);
    expect(code).toBe(0);
    const cwd = workspace({ "completion.bash": stdout, "cluster.yaml": "" });
    const script = join(cwd, "completion.bash");
    execFileSync("bash", ["-n", script]);
    expect(complete(script, ["portolan", "comp"])).toEqual(["compile", "completion"]);
    expect(complete(script, ["portolan", "compile", "--no"])).toEqual(["--node", "--no-simulate", "--nodes"]);
    expect(complete(script, ["portolan", "compile", "--family", ""])).toEqual(["ipv4", "ipv6", "dual"]);
    expect(complete(script, ["portolan", "compile", "-f", join(cwd, "clus")])).toEqual([join(cwd, "cluster.yaml")]);
    expect(complete(script, ["portolan", "compile", "-o", ""])).toEqual(["text", "json", "yaml"]);
    expect(complete(script, ["portolan", "diff", "--output", "m"])).toEqual(["markdown"]);
    expect(complete(script, ["portolan", "plan", "--name"])).toEqual(["--namespace"]);
    expect(complete(script, ["portolan", "watch", "--over"])).toEqual([]);
    expect(complete(script, ["portolan", "completion", "z"])).toEqual(["zsh"]);
    expect(complete(script, ["kubectl-portolan", "explain", "node-port-tak"])).toEqual(["node-port-taken"]);
    const registered = execFileSync("bash", [
      "--norc",
      "-c",
      `source '${script}'; complete -p portolan kubectl-portolan`,
    ]);
    expect(registered.toString()).toMatch(/-F _portolan portolan\n.*-F _portolan kubectl-portolan\n/);
  });

  it("offers names of the input, codes, schemas and references of git", async () => {
    const { stdout } = await runCli(["completion", "bash"]);
    const cwd = workspace({ "completion.bash": stdout, "in.yaml": cluster });
    const script = join(cwd, "completion.bash");
    const bin = new URL("../../../../dist/cli/portolan.js", import.meta.url).pathname;
    const state = [bin, "compile", "-f", join(cwd, "in.yaml")];
    expect(complete(script, [...state, "--node", ""])).toEqual(["node1"]);
    expect(complete(script, [bin, "check", "-f", join(cwd, "in.yaml"), "-n", ""])).toEqual(["shop"]);
    expect(complete(script, [bin, "check", "-f", join(cwd, "in.yaml"), "--service", "sh"])).toEqual(["shop/web"]);
    expect(complete(script, [bin, "check", "--suppress", "node-port-tak"])).toEqual(["node-port-taken"]);
    expect(complete(script, [bin, "schema", "ch"])).toEqual(["check"]);
    const { stdout: refs } = await runCli(["__complete", "--", "diff", "git:HE"]);
    expect(refs).toBe("git:HEAD\n");
    const asked = await runCli(["schema", "ver"], { bin: "kubectl-complete-portolan" });
    expect(asked.stdout).toBe("verify\n:0\n");
  });

  it("zsh loads bash's through bashcompinit", async () => {
    const { stdout, code } = await runCli(["completion", "zsh"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#compdef portolan( kubectl-portolan)?\nautoload -U \+X bashcompinit && bashcompinit\n/);
    const body = workspace({ "completion.bash": stdout.replace(/^autoload.*\n/m, "") });
    execFileSync("bash", ["-n", join(body, "completion.bash")]);
  });

  it("fish names every command and flag", async () => {
    const { stdout, code } = await runCli(["completion", "fish"]);
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split("\n")) expect(line).toMatch(/^complete -c portolan /);
    expect(stdout).toMatch(/-n __fish_use_subcommand -a compile -d '/);
    expect(stdout).toMatch(/__fish_seen_subcommand_from compile' -l family -d '.*' -x -a 'ipv4 ipv6 dual'/);
    // Quotes come in pairs, or fish reads on into the next line.
    for (const line of stdout.split("\n")) expect(line.replaceAll("\\'", "").split("'").length % 2).toBe(1);
  });
});
