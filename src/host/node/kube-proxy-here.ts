import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * How it shows that a kube-proxy is at work in this network namespace; undefined: nothing shows one. `own`: ports that
 * this process listens on itself.
 */
export function kubeProxyHere(own: ReadonlySet<number> = new Set()): string | undefined {
  const process = kubeProxyProcess();
  if (process !== undefined) return `process ${process} is a kube-proxy`;
  // In a container the processes of the host are hidden, but its sockets are not.
  const port = listeningPorts().find((number) => [healthPort, metricsPort].includes(number) && !own.has(number));
  return port === undefined ? undefined : `something listens on port ${port}, as kube-proxy does`;
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

/** Empty for what went away in the meantime, or may not be read. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
