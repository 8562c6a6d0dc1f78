import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { cluster } from "../../harness/cluster-text.ts";
import { runCli, workspace } from "../../harness/run-cli.ts";

/** The flags of each command that reads a file, and how it must end. */
const readers: Readonly<Record<string, (file: string) => readonly string[]>> = {
  "compile -f": (file) => ["compile", "-f", file, "--node", "node1"],
  "compile --proxy-config": (file) => ["compile", "-f", "good.yaml", "--node", "node1", "--proxy-config", file],
  simulate: (file) => ["simulate", "-f", file],
  snapshot: (file) => ["snapshot", "-f", file],
  "check -f": (file) => ["check", "-f", file],
  "check --actual": (file) => ["check", "--actual", file],
  "explain service": (file) => ["explain", "service/web", "-f", file],
  "explain packet --actual": (file) => [
    "explain",
    "packet",
    "--from",
    "10.0.0.1",
    "--to",
    "10.96.0.10:80",
    "--actual",
    file,
  ],
  diff: (file) => ["diff", file, "good.yaml"],
  "plan --actual": (file) => ["plan", "-f", "good.yaml", "--node", "node1", "--actual", file],
  "verify --actual": (file) => ["verify", "-f", "good.yaml", "--node", "node1", "--actual", file],
  "apply PLAN": (file) => ["apply", file],
};

describe("a file without an end ends at the size limit", () => {
  it.each(Object.entries(readers))("%s", async (_, command) => {
    const cwd = workspace({ "good.yaml": cluster });
    const { code, stdout, stderr } = await runCli(command("/dev/zero"), { cwd, memory: 700 });
    expect({ code, stdout, stderr }).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringContaining("it is larger than 500 MB"),
    });
  });

  it("also a pipe that never ends", async () => {
    const cwd = workspace();
    execFileSync("mkfifo", [join(cwd, "endless.yaml")]);
    const writer = spawn("sh", ["-c", "exec yes > endless.yaml"], { cwd, stdio: "ignore" });
    onTestFinished(() => {
      writer.kill();
    });
    const { code, stderr } = await runCli(["compile", "-f", "endless.yaml", "--node", "node1"], { cwd, memory: 700 });
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("it is larger than 500 MB") });
  });

  it("a kubeconfig too", async () => {
    const { code, stderr } = await runCli(["snapshot", "--live", "--kubeconfig", "/dev/zero"]);
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("it is larger than 500 MB") });
  });
});

describe("what is no regular file is skipped in a directory, with a note", () => {
  const directory = async (): Promise<string> => {
    const cwd = workspace({ "state/a.yaml": cluster });
    execFileSync("mkfifo", [join(cwd, "state/pipe.yaml")]);
    symlinkSync("/dev/zero", join(cwd, "state/device.yaml"));
    symlinkSync("/proc/kmsg", join(cwd, "state/kernel.yaml"));
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(cwd, "state/socket.yaml"), done));
    onTestFinished(() => {
      server.close();
    });
    mkdirSync(join(cwd, "state/deeper"));
    symlinkSync("/proc/self", join(cwd, "state/deeper/proc"));
    return cwd;
  };
  const notes = [
    "info[input-skipped]: state/device.yaml was not read: it is a device",
    "info[input-skipped]: state/kernel.yaml was not read: it is not stored on a disk, the kernel generates it",
    "info[input-skipped]: state/pipe.yaml was not read: it is a named pipe",
    "info[input-skipped]: state/socket.yaml was not read: it is a socket",
  ];

  it.each([
    ["compile", ["compile", "-f", "state", "--node", "node1"], 0],
    ["compile -R", ["compile", "-R", "-f", "state", "--node", "node1"], 0],
    ["simulate", ["simulate", "-f", "state"], 0],
    ["snapshot", ["snapshot", "-f", "state"], 0],
    ["check", ["check", "-f", "state"], 0],
    ["diff", ["diff", "state", "state"], 0],
  ] as const)("%s", async (name, args, code) => {
    const cwd = await directory();
    const result = await runCli(args, { cwd });
    expect(result).toMatchObject({ code });
    const shown = name === "check" ? result.stdout : result.stderr;
    for (const note of notes) expect(shown).toContain(note);
    if (name === "compile -R") expect(shown).toContain("state/deeper/proc was not read");
  });

  it("among the texts of a host", async () => {
    const cwd = await directory();
    writeFileSync(join(cwd, "state/iptables-save.txt"), "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n");
    execFileSync("rm", [join(cwd, "state/a.yaml")]);
    const { stdout, code } = await runCli(["check", "--actual", "state"], { cwd });
    expect(code).toBe(0);
    for (const note of notes) expect(stdout).toContain(note);
  });

  it("alone in a directory, nothing is left to read", async () => {
    const cwd = workspace({ "state/a.txt": "" });
    execFileSync("mkfifo", [join(cwd, "state/pipe.yaml")]);
    const { code, stderr } = await runCli(["compile", "-f", "state", "--node", "node1"], { cwd });
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("error[input-empty]") });
  });
});

describe("a pipe that is named is read once, whatever needs it", () => {
  it("as a side of a diff", async () => {
    const cwd = workspace({ "good.yaml": cluster });
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    const writer = spawn("sh", ["-c", "cat good.yaml > pipe"], { cwd, stdio: "ignore" });
    onTestFinished(() => {
      writer.kill();
    });
    expect(await runCli(["diff", "pipe", "good.yaml"], { cwd })).toMatchObject({ code: 0 });
  });
});
