import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  expectedContent,
  leftovers,
  type OutputCommand,
  outputCommands,
  outputWorkspace,
  runOutput,
} from "../../harness/output-commands.ts";
import { runCli } from "../../harness/run-cli.ts";
import { skipFor } from "../../harness/skip.ts";

const bin = new URL("../../../dist/cli/portolan.js", import.meta.url).pathname;

interface Place {
  readonly cwd: string;
  /** The path that the command is told. */
  readonly path: string;
  readonly command: OutputCommand;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const isPrivate = ({ mode }: OutputCommand): boolean => mode === 0o600;
const keptMode = (command: OutputCommand, mode: number): number => (isPrivate(command) ? 0o600 : mode);

/** What may stand where a file is written: how it is made, and where the content is then. */
const places: Readonly<
  Record<string, { make: (place: Place) => void; check: (place: Place, content: string) => void }>
> = {
  nothing: {
    make: () => {},
    check: ({ path, command }, content) => {
      expect(readFileSync(path, "utf8")).toBe(content);
      expect(modeOf(path)).toBe(command.mode);
    },
  },
  "a file with permissions of its own": {
    make: ({ path }) => {
      writeFileSync(path, "old");
      chmodSync(path, 0o640);
    },
    check: ({ path, command }, content) => {
      expect(readFileSync(path, "utf8")).toBe(content);
      expect(modeOf(path)).toBe(keptMode(command, 0o640));
    },
  },
  "a file with two names": {
    make: ({ cwd, path }) => {
      writeFileSync(path, "old");
      linkSync(path, join(cwd, "second-name"));
    },
    check: ({ cwd, path }, content) => {
      expect(readFileSync(path, "utf8")).toBe(content);
      expect(readFileSync(join(cwd, "second-name"), "utf8")).toBe("old");
    },
  },
  "a link to a file": {
    make: ({ cwd, path }) => {
      mkdirSync(join(cwd, "far"));
      writeFileSync(join(cwd, "far/target"), "old");
      chmodSync(join(cwd, "far/target"), 0o660);
      symlinkSync("../far/target", path);
    },
    check: ({ cwd, path, command }, content) => {
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
      expect(lstatSync(join(cwd, "far/target")).isFile()).toBe(true);
      expect(readFileSync(join(cwd, "far/target"), "utf8")).toBe(content);
      expect(modeOf(path)).toBe(keptMode(command, 0o660));
      expect(readdirSync(join(cwd, "far"))).toEqual(["target"]);
    },
  },
  "a link to a link to nothing": {
    make: ({ cwd, path }) => {
      mkdirSync(join(cwd, "far"));
      symlinkSync("../new-target", join(cwd, "far/link"));
      symlinkSync("../far/link", path);
    },
    check: ({ cwd, path, command }, content) => {
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
      expect(lstatSync(join(cwd, "far/link")).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(cwd, "new-target"), "utf8")).toBe(content);
      expect(modeOf(path)).toBe(command.mode);
    },
  },
  "/dev/null behind a link": {
    make: ({ path }) => symlinkSync("/dev/null", path),
    check: ({ path }) => {
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
      expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
    },
  },
};

/** Where no file can be written: how it is made, what is said, and what stays. */
const failures: Readonly<Record<string, { make: (place: Place) => void; says: RegExp; code: number }>> = {
  "/dev/full behind a link": {
    make: ({ path }) => symlinkSync("/dev/full", path),
    says: /: no space left on the device; 0 of \d+ bytes were written to it\n/,
    code: 4,
  },
  "a directory": { make: ({ path }) => mkdirSync(path), says: /: it is a directory; no file was changed\n/, code: 4 },
  "a link to a directory": {
    make: ({ cwd, path }) => {
      mkdirSync(join(cwd, "far"));
      symlinkSync(join(cwd, "far"), path);
    },
    says: /: it is a directory; no file was changed\n/,
    code: 4,
  },
  "a link into a directory that is missing": {
    make: ({ path }) => symlinkSync("no/such/file", path),
    says: /: no such file or directory; no file was changed\n/,
    code: 4,
  },
  "a link to itself": {
    make: ({ path, command }) => symlinkSync(command.file, path),
    says: /: too many symbolic links; no file was changed\n/,
    code: 4,
  },
  "a link to an input": {
    make: ({ path, command }) => symlinkSync(`../${command.input}`, path),
    says: / is also an input: pass another file; nothing was written\n/,
    code: 2,
  },
  "another name of an input": {
    make: ({ cwd, path, command }) => linkSync(join(cwd, command.input), path),
    says: / is also an input: pass another file; nothing was written\n/,
    code: 2,
  },
};

/** Every name below a directory, with what it is and holds. */
function contents(cwd: string): Readonly<Record<string, string>> {
  const names = readdirSync(cwd, { recursive: true, encoding: "utf8" }).sort();
  const describeOne = (name: string): string => {
    const stats = lstatSync(join(cwd, name));
    if (stats.isFile()) return `${stats.ino} ${stats.mode.toString(8)} ${readFileSync(join(cwd, name), "utf8")}`;
    return `${stats.ino} ${stats.mode.toString(8)}`;
  };
  return Object.fromEntries(names.map((name) => [name, describeOne(name)]));
}

describe.each(outputCommands.map((command) => [command.option, command] as const))("%s", (_, command) => {
  const placeIn = (cwd: string): Place => ({ cwd, path: join(cwd, "d", command.file), command });

  it.each(Object.entries(places))("over %s", async (_name, { make, check }) => {
    const place = placeIn(outputWorkspace());
    make(place);
    const { code, stderr } = await runOutput(command, place.cwd);
    expect(code, stderr).toBe(command.code);
    check(place, await expectedContent(command));
    expect(leftovers(place.cwd)).toEqual([]);
    expect(readFileSync(join(place.cwd, "d/other.txt"), "utf8")).toBe("other");
  });

  it.each(Object.entries(failures))("fails over %s", async (_name, { make, says, code: expected }) => {
    const place = placeIn(outputWorkspace());
    make(place);
    const before = contents(place.cwd);
    const { code, stdout, stderr } = await runOutput(command, place.cwd);
    expect({ code, stdout }, stderr).toEqual({ code: expected, stdout: "" });
    expect(stderr).toMatch(says);
    expect(contents(place.cwd)).toEqual(before);
  });

  it("into a FIFO", async () => {
    const { cwd, path } = placeIn(outputWorkspace());
    execFileSync("mkfifo", [path]);
    const reader = spawn("cat", [path]);
    const chunks: Buffer[] = [];
    reader.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((done) => reader.on("close", done));
    const { code, stderr } = await runOutput(command, cwd);
    await ended;
    expect(code, stderr).toBe(command.code);
    expect(Buffer.concat(chunks).toString()).toBe(await expectedContent(command));
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  it("into a FIFO that nobody reads waits, and a signal ends it", async () => {
    const { cwd, path } = placeIn(outputWorkspace());
    execFileSync("mkfifo", [path]);
    const child = spawn(process.execPath, [bin, ...command.args("d")], { cwd, stdio: "ignore" });
    const ended = new Promise((done) => child.on("exit", (_code, signal) => done(signal)));
    // It opens the FIFO when its work is done.
    await new Promise((done) => setTimeout(done, 2500));
    expect(child.exitCode).toBeNull();
    child.kill("SIGTERM");
    expect(await ended).toBe("SIGTERM");
    expect(leftovers(cwd)).toEqual([]);
  });

  it("where files may not have any length", async () => {
    const { cwd, path } = placeIn(outputWorkspace());
    writeFileSync(path, "old");
    const before = contents(cwd);
    const script = `ulimit -f 0; exec "$@"`;
    const run = () =>
      execFileSync("bash", ["-c", script, "sh", process.execPath, bin, ...command.args("d")], { cwd, stdio: "pipe" });
    expect(run).toThrow(expect.objectContaining({ status: 4, stdout: Buffer.alloc(0) }));
    expect(contents(cwd)).toEqual(before);
  });

  it(
    "in a directory without permission",
    skipFor(process.getuid?.() === 0 ? "root may write everywhere" : undefined),
    async () => {
      const { cwd } = placeIn(outputWorkspace());
      chmodSync(join(cwd, "d"), 0o555);
      const before = contents(cwd);
      const { code, stdout, stderr } = await runOutput(command, cwd);
      chmodSync(join(cwd, "d"), 0o755);
      expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
      expect(stderr).toMatch(/: permission denied; no file was changed\n/);
      expect(contents(cwd)).toEqual(before);
    },
  );

  if (command.isSingle)
    it("in a directory that is missing", async () => {
      const { cwd } = placeIn(outputWorkspace());
      const before = contents(cwd);
      const { code, stdout, stderr } = await runOutput(command, cwd, "no/such");
      expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
      expect(stderr).toMatch(/: no such file or directory; no file was changed\n/);
      expect(contents(cwd)).toEqual(before);
    });

  it("into the file that its standard output is", () => {
    const { cwd, path } = placeIn(outputWorkspace());
    const script = `exec "$@" > ${path}`;
    const run = () =>
      execFileSync("bash", ["-c", script, "sh", process.execPath, bin, ...command.args("d")], { cwd, stdio: "pipe" });
    expect(run).toThrow(expect.objectContaining({ status: 2 }));
    expect(readFileSync(path, "utf8")).toBe("");
  });
});

describe("outputs and inputs", () => {
  it("two outputs that are one file: a usage error", async () => {
    const cwd = outputWorkspace();
    symlinkSync("a", join(cwd, "b"));
    const reports = ["--report", "json=a", "--report", "html=b"];
    const { code, stdout, stderr } = await runCli(["diff", "base.yaml", "head.yaml", ...reports], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe("error: two outputs have the same file: a and b: pass another file; nothing was written\n");
    expect(readdirSync(cwd)).not.toContain("a");
  });

  it("a device may take several outputs", async () => {
    const reports = ["--report", "json=/dev/null", "--report", "html=/dev/null"];
    const { code } = await runCli(["diff", "base.yaml", "head.yaml", ...reports], { cwd: outputWorkspace() });
    expect(code).toBe(1);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("/dev/stdout gets a report before the result, whatever it is", async () => {
    const cwd = outputWorkspace();
    const args = ["diff", "base.yaml", "head.yaml", "--report", "json=/dev/stdout"];
    const { stdout } = await runCli(args, { cwd });
    expect(stdout).toMatch(/^\{[\s\S]*\n\}\n[^{]*shop\/web/);
    const script = `exec "$@" >> log`;
    writeFileSync(join(cwd, "log"), "before\n");
    expect(() => execFileSync("bash", ["-c", script, "sh", process.execPath, bin, ...args], { cwd })).toThrow();
    expect(readFileSync(join(cwd, "log"), "utf8")).toBe(`before\n${stdout}`);
  });

  it("--baseline and --write-baseline may be one file", async () => {
    const cwd = outputWorkspace();
    expect(await runCli(["check", "-f", "base.yaml", "--write-baseline", "b.json"], { cwd })).toMatchObject({
      code: 0,
    });
    const both = ["--baseline", "b.json", "--write-baseline", "b.json"];
    expect(await runCli(["check", "-f", "base.yaml", ...both], { cwd })).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(cwd, "b.json"), "utf8"))).toMatchObject({ kind: "Baseline" });
  });

  it("an input in a directory is an input", async () => {
    const cwd = outputWorkspace();
    writeFileSync(join(cwd, "d/state.yaml"), readFileSync(join(cwd, "base.yaml")));
    const { code, stdout } = await runCli(["check", "-f", "d", "--write-baseline", "d/state.yaml"], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("a file that would be removed may be an input", async () => {
    const cwd = outputWorkspace();
    const split = ["snapshot", "-f", "base.yaml", "--split", "d"];
    await runCli(split, { cwd });
    rmSync(join(cwd, "base.yaml"));
    symlinkSync("d/shop.yaml", join(cwd, "base.yaml"));
    const before = contents(cwd);
    const { code, stderr } = await runCli([...split, "--split-by", "object"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toBe("error: d/shop.yaml is also an input: pass another file; nothing was written\n");
    expect(contents(cwd)).toEqual(before);
  });

  it("--all-nodes writes all folders or none", async () => {
    const cwd = outputWorkspace();
    const two = readFileSync(join(cwd, "base.yaml"), "utf8").replace(
      /^[\s\S]*?---\n/,
      (node) => `${node}${node.replaceAll("node1", "node2").replaceAll("192.0.2.10", "192.0.2.11")}`,
    );
    writeFileSync(join(cwd, "two.yaml"), two);
    mkdirSync(join(cwd, "out"));
    writeFileSync(join(cwd, "out/node2"), "a file");
    const before = contents(cwd);
    const { code, stderr } = await runCli(["compile", "-f", "two.yaml", "--all-nodes", "--out-dir", "out"], { cwd });
    expect(code).toBe(4);
    expect(stderr).toBe("error: cannot write to out/node2: it is a file; no file was changed\n");
    expect(contents(cwd)).toEqual(before);
  });
});
