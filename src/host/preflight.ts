import { createSocket, type Socket } from "node:dgram";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Step } from "../ir/artifact.ts";
import { notInstalled } from "../ir/artifact.ts";

import { featuresOf, parseProbe, printProbe } from "../reconcile/live/probe.ts";
import { type Run, runOnHost } from "./run-step.ts";

/** The reasons why steps cannot run on this host; empty if they can. This check changes nothing. */
export async function preflight(steps: readonly Step[], run: Run = runOnHost): Promise<readonly string[]> {
  const capability = missingCapability();
  if (capability !== undefined) return [capability];
  const absent = await missingTools(steps, run);
  if (absent.length > 0) return absent.map((tool) => `${tool}: ${notInstalled}`);
  return missingFeatures(steps, run);
}

/** Why the rules of this host cannot be read at all; undefined: they can. */
export function unreadableReason(): string | undefined {
  if (process.platform !== "linux") return "this is not a Linux host";
  const capability = missingCapability();
  return capability === undefined ? undefined : `cannot read this host: ${capability}`;
}

const netAdmin = 12n;

/** Tools need CAP_NET_ADMIN even to read. Root has it outside of a container, and in a privileged one. */
function missingCapability(): string | undefined {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const isAllowed = (BigInt(`0x${effective}`) >> netAdmin) & 1n;
  return isAllowed ? undefined : "no permission: run as root; in a container, add the capability NET_ADMIN";
}

/** A tool that does not even print its version counts as missing. */
async function missingTools(steps: readonly Step[], run: Run): Promise<readonly string[]> {
  const tools = [...new Set(steps.map(({ argv }) => argv[0] as string))];
  const versionOf: Readonly<Record<string, string>> = { ip: "-V" };
  const ran = await Promise.all(tools.map((tool) => run([tool, versionOf[tool] ?? "--version"], "")));
  return tools.filter((_, index) => ran[index]?.failure === notInstalled);
}

/** Tested in a temporary network namespace. */
async function missingFeatures(steps: readonly Step[], run: Run): Promise<readonly string[]> {
  const features = featuresOf(steps);
  if (features.length === 0) return [];
  const { stdout, failure } = await run(["unshare", "--net", "sh"], printProbe(features));
  // Without temporary namespaces nothing is known: a missing feature then makes a step fail, which is rolled back.
  if (failure !== undefined && stdout === "") return [];
  return parseProbe(features, stdout).map(({ name, message }) => `${name}: ${message}`);
}

/**
 * The evidence that a kube-proxy runs in this network namespace; undefined: none. `own`: ports that this process itself
 * listens on.
 */
export function kubeProxyHere(own: ReadonlySet<number> = new Set()): string | undefined {
  const proxy = kubeProxyProcess();
  if (proxy !== undefined) return `process ${proxy} is a kube-proxy`;
  // In a container the processes of the host are hidden, but its sockets are not.
  const port = listeningPorts().find((number) => [healthPort, metricsPort].includes(number) && !own.has(number));
  return port === undefined ? undefined : `a program listens on kube-proxy's port ${port}`;
}

const healthPort = 10_256;
const metricsPort = 10_249;

function kubeProxyProcess(): number | undefined {
  const here = namespaceOf("self");
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || read(`/proc/${name}/comm`).trim() !== "kube-proxy") continue;
    if (namespaceOf(name) === here) return Number(name);
  }
  return undefined;
}

function namespaceOf(process: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return undefined;
  }
}

const listening = "0A";

/** /proc/net/tcp: the local address is hexadecimal, the port after the colon; the fourth column is the state. */
function listeningPorts(): readonly number[] {
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => read(file).split("\n"));
  return lines.flatMap((line) => {
    const [, port, state] = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ?? [];
    return state === listening ? [Number.parseInt(port as string, 16)] : [];
  });
}

/** Empty if the file has disappeared or may not be read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * A UDP port: it belongs to the network namespace, as the rules do, and is free when its process ends. Only who may use
 * ports below 1024 can take it; an abstract socket, any user can.
 */
const lockPort = 1;

/** Taken while a host is changed; call the result to release it. A text is the reason why it cannot be taken. */
export async function holdApplyLock(): Promise<(() => void) | string> {
  const lock = await bindUdp("127.0.0.1");
  // Without the loopback interface. A port of all addresses excludes that of one, and the other way round.
  const { socket, code } = lock.code === "EADDRNOTAVAIL" ? await bindUdp("0.0.0.0") : lock;
  switch (code) {
    case undefined:
      return () => socket.close();
    case "EADDRINUSE":
      return `another portolan process is changing this host (ss -lpu shows the process at UDP port ${lockPort})`;
    case "EACCES":
      return "no permission to lock this host: run as root; in a container, add the capability NET_BIND_SERVICE";
    default:
      return `cannot lock this host: UDP port ${lockPort}: ${code}`;
  }
}

interface Bound {
  readonly socket: Socket;
  /** Of the system's error; undefined: none. */
  readonly code: string | undefined;
}

function bindUdp(address: string): Promise<Bound> {
  const socket = createSocket("udp4");
  socket.unref();
  return new Promise((resolve) => {
    socket.on("error", ({ code = "unknown error" }: NodeJS.ErrnoException) => {
      socket.close();
      resolve({ socket, code });
    });
    socket.bind({ address, port: lockPort, exclusive: true }, () => resolve({ socket, code: undefined }));
  });
}
