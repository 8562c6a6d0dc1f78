import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const program = new URL("agent.mjs", import.meta.url).pathname;

export interface Call {
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  /** The local address to call from; default: what the routes say. */
  readonly source?: string | undefined;
  /** Milliseconds until a call counts as dropped. */
  readonly patience: number;
}

export interface Serving {
  /** Answers end in the port. */
  readonly tellsPort?: boolean;
  /** Where a host has several, an answer over UDP comes from the address asked only if that is bound. */
  readonly udpAddresses?: readonly string[];
}

/** A network namespace that lives as long as the process in it. */
export interface LabHost {
  readonly name: string;
  readonly pid: number;
  /** Runs a command in the namespace; throws what it says when it fails. */
  run(command: readonly string[], options?: { readonly input?: string; readonly env?: NodeJS.ProcessEnv }): string;
  serve(port: number, options?: Serving): Promise<void>;
  /** `NAME PEER-ADDRESS` of who answered, or `refused`, `timeout`, `unreachable`. */
  call(call: Call): Promise<string>;
  stop(): void;
}

export function startHost(name: string): LabHost {
  const agent = spawn("unshare", ["--net", process.execPath, program, name], { stdio: ["pipe", "pipe", "inherit"] });
  const pid = agent.pid;
  if (pid === undefined) throw new Error("unshare does not start");
  const order = orderTaker(agent);
  return {
    name,
    pid,
    run: (command, { input = "", env = process.env } = {}) => {
      const args = [`--net=/proc/${pid}/ns/net`, ...command];
      const { status, stdout, stderr } = spawnSync("nsenter", args, { input, env, encoding: "utf8" });
      if (status !== 0) throw new Error(`${name}: ${command.join(" ")}: exit ${status}: ${stderr}`);
      return stdout;
    },
    serve: async (port, options = {}) => void (await order({ verb: "serve", port, ...options })),
    call: async (call) => String(await order({ verb: "call", ...call })),
    stop: () => agent.stdin.end(),
  };
}

type Agent = ChildProcessByStdio<Writable, Readable, null>;

/** Sends orders, as lines of JSON, to a process that answers each with its number. */
export function orderTaker(agent: Agent): (order: object) => Promise<unknown> {
  const waiting = new Map<number, (outcome: unknown) => void>();
  let last = 0;
  createInterface({ input: agent.stdout }).on("line", (line) => {
    const { id, outcome }: { readonly id: number; readonly outcome?: unknown } = JSON.parse(line);
    waiting.get(id)?.(outcome);
    waiting.delete(id);
  });
  return (order) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      agent.stdin.write(`${JSON.stringify({ id: last, ...order })}\n`);
    });
}
