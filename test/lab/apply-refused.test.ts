import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forged } from "../harness/saved-plan.ts";
import { skipFor } from "../harness/skip.ts";
import { firstState, secondState } from "./apply-states.ts";
import { rulesIn } from "./loaded-rules.ts";
import { type NodeNamespace, openNamespace, type RunOptions } from "./namespace.ts";
import { whyNoKernel } from "./needs.ts";

const needs = ["unshare", "nsenter", "ip", "sysctl", "flock", "setpriv", "xtables-legacy-multi", "iptables-nft-save"];
const reason = whyNoKernel(needs);

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

  test.each(["nothing", "part"])("where iptables-save exits with 0 and prints %s, at once or the second time", (as) => {
    for (const FAULT_SAVE of ["1", "2"]) {
      const options = { env: { FAULT_SAVE, FAULT_SAVE_AS: as } };
      const name = as === "nothing" ? "missing" : "truncated";
      expectRefused(
        apply("second", [], options),
        `error\\[host-output-${name}\\]: cannot read this host: iptables-save`,
      );
      expect(node.portolan(["verify", "-f", file("first.json")], options)).toMatchObject({ code: 4 });
      expect(node.portolan(["collect"], options)).toMatchObject({ code: 4, stdout: "" });
    }
  });

  test("where packets also meet kube-proxy's rules in iptables-nft", () => {
    const nft = (...args: readonly string[]) =>
      expect(node.run(["xtables-nft-multi", "iptables", "-t", "nat", ...args])).toMatchObject({ code: 0 });
    nft("-N", "KUBE-SERVICES");
    nft("-A", "PREROUTING", "-j", "KUBE-SERVICES");
    const name = "[host-other-backend]: ";
    expectRefused(apply("second"), /error\[host-other-backend\]: /);
    expectRefused(
      node.portolan(["plan", "-f", file("second.json")]),
      /iptables-nft-save: its rules lead packets to KUBE/,
    );
    expectRefused(node.portolan(["cleanup", "--backup-dir", file("backups")]), /error\[host-other-backend\]: /);
    const verified = node.portolan(["verify", "-f", file("first.json")]);
    expect(verified).toMatchObject({ code: 1, stdout: expect.stringContaining("other-rules: iptables-nft-save") });
    const collected = node.portolan(["collect"]);
    expect(collected).toMatchObject({ code: 0, stderr: expect.stringContaining(`warning${name}`) });
    writeFileSync(file("collected.txt"), collected.stdout);
    const checked = node.portolan(["check", "--actual", file("collected.txt")]);
    expect(checked).toMatchObject({ code: 1, stdout: expect.stringContaining(`warning${name}`) });
    const script = node.run(["sh"], { input: node.portolan(["collect", "--script"]).stdout });
    writeFileSync(file("collected.txt"), script.stdout);
    const flags = ["-f", file("first.json"), "--actual", file("collected.txt")];
    expect(node.portolan(["verify", ...flags])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("other-rules"),
    });
    nft("-F", "PREROUTING");
    nft("-X", "KUBE-SERVICES");
    expect(node.portolan(["verify", "-f", file("first.json")])).toMatchObject({ code: 0 });
  });

  test("of a plan or backup that was edited to run something else", () => {
    const [plan, owned] = [file("evil.plan"), file("owned")];
    node.portolan(["plan", "-f", file("second.json"), "--out", plan]);
    const text = forged(readFileSync(plan, "utf8"), ({ steps }) => {
      steps.push({ purpose: "set sysctls", argv: ["ip", "netns", "add", "evil"], stdin: "" });
      steps.push({ purpose: "set sysctls", argv: ["ip", "netns", "exec", "evil", "touch", owned], stdin: "" });
    });
    writeFileSync(plan, text);
    const run = (...args: readonly string[]) => node.portolan(["apply", ...args, "--backup-dir", file("backups")]);
    expectRefused(run(plan), /its field steps is not what follows from its state/, 3);
    const backup = node.portolan(["collect"]).stdout;
    const rule = `-A KUBE-SERVICES --modprobe=${file("evil.sh")} -m x -j ACCEPT`;
    writeFileSync(file("evil.sh"), `#!/bin/sh\ntouch ${owned}\n`, { mode: 0o755 });
    writeFileSync(file("evil.txt"), backup.replace("\n-A KUBE-SERVICES", `\n${rule}\n-A KUBE-SERVICES`));
    expectRefused(
      run("--restore", file("evil.txt")),
      /error\[backup-object-refused\]: cannot restore .*evil\.txt:\d+: /,
      3,
    );
    expect(existsSync(owned)).toBe(false);
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
