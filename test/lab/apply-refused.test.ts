import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { firstState, secondState } from "./apply-states.ts";
import { rulesIn } from "./loaded-rules.ts";
import { type NodeNamespace, openNamespace, type RunOptions } from "./namespace.ts";
import { whyNoKernel } from "./needs.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "flock", "setpriv", "xtables-legacy-multi"]);

const cli = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;

describe("apply is refused, and nothing is touched,", skipFor(reason), () => {
  let node: NodeNamespace;
  let before: unknown;
  const file = (name: string) => join(node.folder, name);
  const saved = () => rulesIn(node.run(["iptables-save"]).stdout);
  const flags = (state: string) => ["apply", "-f", file(`${state}.json`), "--backup-dir", file("backups")];
  const apply = (state: string, more: readonly string[] = [], options?: RunOptions) =>
    node.portolan([...flags(state), ...more], options);

  /** A folder that holds only these tools, as the PATH of a small container would. */
  const onlyTools = (name: string, tools: readonly string[]): RunOptions => {
    const folder = file(name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const tool of tools) {
      const path = node.run(["sh", "-c", `PATH=$REAL_PATH command -v ${tool}`]).stdout.trim();
      symlinkSync(path, join(folder, tool));
    }
    return { env: { PATH: folder } };
  };
  const readers = ["uname", "ip", "iptables", "iptables-save", "ip6tables", "ip6tables-save", "unshare", "sh"];

  beforeAll(async () => {
    node = await openNamespace("legacy");
    writeFileSync(file("first.json"), firstState);
    writeFileSync(file("second.json"), secondState);
    expect(apply("first").code).toBe(0);
    before = saved();
  });
  afterAll(() => node?.close());

  const expectRefused = (
    ran: { readonly code: number; readonly stderr: string },
    message: string | RegExp,
    code = 4,
  ) => {
    expect(ran).toMatchObject({ code, stderr: expect.stringMatching(message) });
    expect(saved()).toEqual(before);
  };

  test("without permission", () => {
    node.run(["chmod", "-R", "a+rX", node.folder]);
    const ran = node.run(["setpriv", "--reuid", "65534", "--clear-groups", process.execPath, cli, ...flags("second")]);
    expectRefused(ran, /no permission: run as root/);
  });

  test("without a tool to read with, or to change with", () => {
    const blind = onlyTools(
      "blind",
      readers.filter((tool) => !tool.startsWith("iptables")),
    );
    expectRefused(apply("second", [], blind), /cannot read this host: iptables-save: not installed/);
    expectRefused(
      apply("second", [], onlyTools("weak", readers)),
      /does not meet the requirements of the plan.*\n {2}iptables-restore: not installed/,
    );
  });

  test("without a feature of the kernel: all that is missing is listed", () => {
    const script =
      '#!/bin/sh\ncase "$*" in *MASQUERADE*|*statistic*) echo "no such thing" >&2; exit 1 ;; esac\nexec "$REAL" "$@"\n';
    const real = node.run(["sh", "-c", "PATH=$REAL_PATH command -v iptables"]).stdout.trim();
    const options = onlyTools("odd", [...readers.filter((tool) => tool !== "iptables"), "iptables-restore", "sysctl"]);
    writeFileSync(file("odd/iptables"), script, { mode: 0o755 });
    node.portolan(["cleanup", "--backup-dir", file("backups")]);
    before = saved();
    const ran = apply("second", [], { env: { ...options.env, REAL: real } });
    expectRefused(
      ran,
      /match statistic \(iptables\): no such thing\n(.*\n)*.*target MASQUERADE \(iptables\): no such thing/,
    );
    expect(apply("first").code).toBe(0);
    before = saved();
  });

  test("where IPv6 is asked for and is not there", () => {
    const options = onlyTools("old", [
      ...readers.filter((tool) => !tool.startsWith("ip6")),
      "iptables-restore",
      "sysctl",
    ]);
    expectRefused(apply("second", ["--family", "dual"], options), /no IPv6 rules.*--family ipv4 to skip IPv6/);
    expect(apply("second", ["--family", "ipv4"], options)).toMatchObject({ code: 0 });
    expect(apply("first")).toMatchObject({ code: 0 });
  });

  test("while somebody else holds the xtables lock", async () => {
    const holder = spawn("flock", ["-x", file("lock"), "sh", "-c", "echo held; exec sleep 30"], { detached: true });
    await once(holder.stdout, "data");
    expectRefused(apply("second"), /xtables lock/);
    process.kill(-(holder.pid as number));
    expect(apply("second").code).toBe(0);
    expect(apply("first").code).toBe(0);
  });

  test("where a line is refused, it says which, and whose it is", () => {
    const plan = JSON.parse(node.portolan(["plan", "-f", file("second.json"), "-o", "json"]).stdout);
    const at = plan.steps.findIndex(({ stdin }: { readonly stdin: string }) => stdin.includes("10.244.1.6"));
    const line = plan.steps[at].stdin
      .split("\n")
      .findIndex((text: string) => text.includes("to-destination 10.244.1.6"));
    const env = { FAULT: "line", FAULT_AT: String(at + 1), FAULT_LINE: String(line + 1) };
    expectRefused(
      apply("second", [], { env }),
      /to-destination 10\.244\.1\.6:8080\n {2}it comes from shop\/web:http/,
      5,
    );
  });
});
