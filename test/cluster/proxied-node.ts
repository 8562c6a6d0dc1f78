import { type ChildProcess, spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../../scripts/cluster/binaries.mjs";
import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { type NodeNamespace, openNamespace } from "../lab/namespace.ts";
import type { Backend } from "../lab/needs.ts";

const cli = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;
const relay = new URL("relay.mjs", import.meta.url).pathname;

/** A network namespace that stands for a node, from which the API server can be reached. */
export interface ClusterNode extends NodeNamespace {
  readonly name: string;
  readonly file: (name: string) => string;
  /** Runs until the node is closed; what it writes goes to the node's file LABEL.log. */
  readonly launch: (label: string, argv: readonly string[]) => ChildProcess;
  /** What iptables-save and ip6tables-save print. */
  readonly saved: () => Readonly<Record<"iptables.save" | "ip6tables.save", string>>;
}

/** A kubeconfig for each user is in the node's folder, under the user's name. */
export async function openClusterNode(cluster: ControlPlane, name: string, backend: Backend): Promise<ClusterNode> {
  const node = await openNamespace(backend);
  const file = (path: string) => join(node.folder, path);
  const children: ChildProcess[] = [];
  const launch: ClusterNode["launch"] = (label, argv) => {
    const log = openSync(file(`${label}.log`), "a");
    const child = node.spawn(argv, ["ignore", log, log]);
    children.push(child);
    return child;
  };
  for (const user of ["admin", "system:kube-proxy"] as const) writeFileSync(file(user), cluster.kubeconfig(user));
  const socket = file("api");
  const port = new URL(cluster.server).port;
  const outer = spawn(process.execPath, [relay, "out", socket, port]);
  const inner = node.spawn([process.execPath, relay, "in", socket, port], ["ignore", "pipe", "inherit"]);
  children.push(outer, inner);
  await Promise.all([outer, inner].map((child) => new Promise((done) => child.stdout?.once("data", done))));
  return {
    ...node,
    name,
    file,
    launch,
    saved: () => ({
      "iptables.save": node.run(["iptables-save"]).stdout,
      "ip6tables.save": node.run(["ip6tables-save"]).stdout,
    }),
    close: () => {
      for (const child of children) child.kill("SIGKILL");
      node.close();
    },
  };
}

/** Starts the real kube-proxy with a file of configuration, as kubeadm does. */
export function startKubeProxy(node: ClusterNode, configuration: object): ChildProcess {
  const clientConnection = { kubeconfig: node.file("system:kube-proxy") };
  writeFileSync(node.file("config.conf"), JSON.stringify({ ...configuration, clientConnection }));
  const flags = [`--config=${node.file("config.conf")}`, `--hostname-override=${node.name}`];
  return node.launch("kube-proxy", [binaryPath("kube-proxy"), ...flags]);
}

/** Starts `portolan watch --apply`, as somebody who has the rights of kube-proxy. */
export function startWatch(node: ClusterNode, configuration: object, flags: readonly string[] = []): ChildProcess {
  writeFileSync(node.file("config.conf"), JSON.stringify(configuration));
  const where = ["--kubeconfig", node.file("system:kube-proxy"), "--proxy-config", node.file("config.conf")];
  const how = ["--apply", "--backup-dir", node.file("backups"), "--min-sync-period", "100ms"];
  return node.launch("watch", [
    process.execPath,
    cli,
    "watch",
    "--live",
    "--node",
    node.name,
    ...where,
    ...how,
    ...flags,
  ]);
}
