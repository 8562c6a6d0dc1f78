import { existsSync } from "node:fs";
import { notInstalled } from "../ir/artifact.ts";

/** The result of a process. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined on success; otherwise the reason in one line. */
  readonly failure: string | undefined;
}

/** The only interface to processes: arguments and standard input. Tests replace it. */
export type Run = (argv: readonly string[], stdin: string) => Promise<Ran>;

/** Access to a host: its processes and its files. */
export interface Host {
  readonly run: Run;
  readonly exists: (path: string) => boolean;
}

const patience = 600_000;
const mostOutput = 2_000_000_000;

/** Runs a process on this host, never through a shell. The locale is fixed, so that messages of tools can be parsed. */
export const runOnHost: Run = async (argv, stdin) => {
  const { execa } = await import("execa");
  const [file, ...args] = argv as [string, ...string[]];
  const result = await execa(file, args, {
    input: stdin,
    reject: false,
    timeout: patience,
    maxBuffer: mostOutput,
    stripFinalNewline: false,
    env: { LC_ALL: "C" },
    // An interrupt is handled by this process: a tool that is killed midway would leave its work half done.
    detached: true,
    cleanup: false,
  });
  return { stdout: result.stdout, stderr: result.stderr, failure: failureOf(result) };
};

interface Outcome {
  readonly failed: boolean;
  readonly timedOut: boolean;
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly stderr: string;
}

function failureOf({ failed, timedOut, code, signal, exitCode, stderr }: Outcome): string | undefined {
  if (!failed) return undefined;
  if (code === "ENOENT") return notInstalled;
  if (timedOut) return `no response within ${patience / 1000} s`;
  if (signal !== undefined) return `ended by ${signal}`;
  const said = stderr.trim().replace(/\s*\n\s*/g, "; ");
  return `exit ${exitCode ?? code}${said === "" ? "" : `: ${said}`}`;
}

export const localHost: Host = { run: runOnHost, exists: existsSync };
