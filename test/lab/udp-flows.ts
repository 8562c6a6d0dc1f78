import { firstState } from "./apply-states.ts";
import type { NodeNamespace } from "./namespace.ts";

/** A UDP Service on 10.96.0.1 with one endpoint. */
export function dnsState(endpoint: string): string {
  return firstState
    .replace('"clusterIP":"10.96.0.3"', '"clusterIP":"10.96.0.1"')
    .replace('"port":80,', '"port":53,"protocol":"UDP",')
    .replace('"ports":[{"name":"http","port":8080}]', '"ports":[{"name":"http","port":5353,"protocol":"UDP"}]')
    .replaceAll("10.244.1.5", endpoint);
}

type RunOnNode = NodeNamespace["run"];

/** Makes three connections: to the Service by 10.244.1.5 and by 10.244.1.6, and one that is no Service's. */
export function insertFlows(run: RunOnNode): void {
  for (const [client, to, from] of [
    ["10.244.1.9", "10.96.0.1", "10.244.1.5"],
    ["10.244.1.10", "10.96.0.1", "10.244.1.6"],
    ["10.244.1.11", "10.96.0.77", "10.244.1.5"],
  ] as const) {
    const there = `-s ${client} -d ${to} --sport 4711 --dport 53`;
    const back = `--reply-src ${from} --reply-dst ${client} --reply-port-src 5353 --reply-port-dst 4711`;
    const { code, stderr } = run(["sh", "-c", `conntrack -I -p udp ${there} ${back} -t 300`]);
    if (code !== 0) throw new Error(stderr);
  }
}

/** Whose connections have not been forgotten. */
export function clientsLeft(run: RunOnNode): readonly string[] {
  const { stdout } = run(["conntrack", "-L", "-p", "udp"]);
  return [...stdout.matchAll(/src=(10\.244\.1\.\d+) dst=10\.96/g)].map(([, client = ""]) => client).sort();
}
