import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { notInstalled } from "../ir/artifact.ts";
import { mostBytes } from "./files/read-bytes.ts";

/** The result of a process. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined on success; otherwise the reason in one line. */
  readonly failure: string | undefined;
}

/**
 * The only interface to processes: arguments and standard input. Tests replace it. A process is not ended when
 * `interrupt` aborts, unless it then takes too long: a tool that is killed midway leaves its work half done.
 */
export type Run = (argv: readonly string[], stdin: string, interrupt?: AbortSignal) => Promise<Ran>;

/** Access to a host: its processes and its files. */
export interface Host {
  readonly run: Run;
  readonly exists: (path: string) => boolean;
}

/** How long a tool may take, in milliseconds. */
export interface ToolTimes {
  readonly most: number;
  /** Of tools that need longer, by their name. */
  readonly mostOf: Readonly<Record<string, number>>;
  /** In addition, for each megabyte of input. */
  readonly perMegabyte: number;
  /** After an interrupt; longer than the 5 s that iptables waits for its lock. */
  readonly afterInterrupt: number;
  /** From SIGTERM to SIGKILL. */
  readonly grace: number;
}

export const toolTimes: ToolTimes = {
  most: 30_000,
  // nft 1.0.6 lists the rules of 10,000 Services in 15 s on an idle machine, and in over a minute on a busy one.
  mostOf: { nft: 240_000 },
  perMegabyte: 10_000,
  afterInterrupt: 10_000,
  grace: 3000,
};

/** Runs processes on this host, never through a shell. The locale is fixed, so that messages of tools can be parsed. */
export function createRun(times: ToolTimes): Run {
  return async (argv, stdin, interrupt) => {
    const { execa } = await import("execa");
    const [file, ...args] = argv as [string, ...string[]];
    const running = execa(file, args, {
      input: stdin,
      reject: false,
      maxBuffer: mostBytes,
      stripFinalNewline: false,
      env: { LC_ALL: "C" },
      // A group of its own: an interrupt from the terminal does not reach it, and it is ended with its children.
      detached: true,
      cleanup: false,
    });
    const limit = limitProcess(running, { ...times, most: mostFor(file, stdin, times) }, interrupt);
    const result = await running;
    limit.end();
    return { stdout: result.stdout, stderr: result.stderr, failure: limit.reason() ?? failureOf(result) };
  };
}

function mostFor(tool: string, stdin: string, { most, mostOf, perMegabyte }: ToolTimes): number {
  return (mostOf[tool] ?? most) + Math.floor(stdin.length / 1_000_000) * perMegabyte;
}

type Running = Pick<ChildProcess, "pid" | "stdin" | "stdout" | "stderr">;

interface Limit {
  /** Why the process was ended, if it was. */
  readonly reason: () => string | undefined;
  readonly end: () => void;
}

/** Ends a process group that takes too long: SIGTERM, then SIGKILL, then its pipes, which others may keep open. */
function limitProcess(
  running: Running,
  times: Omit<ToolTimes, "mostOf" | "perMegabyte">,
  interrupt?: AbortSignal,
): Limit {
  let reason: string | undefined;
  const timers: NodeJS.Timeout[] = [];
  const after = (milliseconds: number, act: () => void): void => {
    timers.push(setTimeout(act, milliseconds));
  };
  const stop = (why: string): void => {
    if (reason !== undefined) return;
    reason = why;
    signalGroup(running, "SIGTERM");
    after(times.grace, () => {
      signalGroup(running, "SIGKILL");
      for (const stream of [running.stdin, running.stdout, running.stderr]) stream?.destroy();
    });
  };
  const onInterrupt = (): void => {
    after(times.afterInterrupt, () => stop(`ended ${times.afterInterrupt / 1000} s after an interrupt`));
  };
  after(times.most, () => stop(`no response within ${times.most / 1000} s`));
  if (interrupt?.aborted === true) onInterrupt();
  else interrupt?.addEventListener("abort", onInterrupt);
  return {
    reason: () => reason,
    end: () => {
      interrupt?.removeEventListener("abort", onInterrupt);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function signalGroup({ pid }: Running, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

interface Outcome {
  readonly failed: boolean;
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly stderr: string;
}

function failureOf({ failed, code, signal, exitCode, stderr }: Outcome): string | undefined {
  if (!failed) return undefined;
  if (code === "ENOENT") return notInstalled;
  if (signal !== undefined) return `ended by ${signal}`;
  const said = stderr.trim().replace(/\s*\n\s*/g, "; ");
  return `exit ${exitCode ?? code}${said === "" ? "" : `: ${said}`}`;
}

export const runOnHost: Run = createRun(toolTimes);

export const localHost: Host = { run: runOnHost, exists: existsSync };
