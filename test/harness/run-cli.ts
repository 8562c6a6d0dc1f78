import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const bins = new URL("../../dist/cli/", import.meta.url).pathname;

/** What a run of the command line left behind. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly bin?: "portolan" | "kubectl-portolan" | "kubectl-complete-portolan";
  /** Megabytes of heap; the run dies when it needs more. */
  readonly memory?: number;
}

const root = mkdtempSync(join(tmpdir(), "portolan-"));

// Not onTestFinished: tests that run at once would clear away each other's.
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A directory with these files in it, gone after the tests of the file. */
export function workspace(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const directory = mkdtempSync(join(root, "test-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

/** The environment without colours, and without settings, a file of which may also lie above the temporary folder. */
function environment(): Readonly<Record<string, string | undefined>> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:FORCE_COLOR$|PORTOLAN_)/.test(name));
  return { ...Object.fromEntries(inherited), NO_COLOR: "1", PORTOLAN_CONFIG: "/dev/null" };
}

/** Runs dist/cli/portolan.js without colour; a test of settings passes PORTOLAN_CONFIG. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const flags = options.memory === undefined ? [] : [`--max-old-space-size=${options.memory}`];
  const env = { ...environment(), ...options.env };
  const child = spawn(process.execPath, [...flags, `${bins}${options.bin ?? "portolan"}.js`, ...args], {
    cwd: options.cwd,
    env,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A command that never reads its standard input closes it.
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code) => {
      done({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** `error[code] file:line:column` of each diagnostic, in the order they are shown; `-` without a place. */
export function problemsIn(stderr: string): readonly string[] {
  return stderr
    .split(/^(?=(?:error|warning|info)\[)/m)
    .filter((block) => /^(?:error|warning|info)\[/.test(block))
    .map((block) => {
      const [head = ""] = /^\w+\[[\w-]+\]/.exec(block) ?? [];
      const [, place = "-"] = /^ *--> (.*)$/m.exec(block) ?? [];
      return `${head} ${place}`;
    });
}

/** The errors alone. */
export function errorsIn(stderr: string): readonly string[] {
  return problemsIn(stderr)
    .filter((problem) => problem.startsWith("error"))
    .map((problem) => problem.replace(/^error\[([\w-]+)\]/, "$1"));
}
