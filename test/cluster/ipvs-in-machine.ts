import { execFile, spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { until } from "./objects.ts";
import { changes } from "./proxied-changes.ts";
import { makeProxiedState, proxyConfiguration } from "./proxied-state.ts";

/**
 * Runs inside a machine with IPVS: an API server, a controller and kube-proxy in ipvs mode. After each round of
 * changes it writes the cluster's state, what kube-proxy has made of the host and what `portolan verify --live` says
 * into out/ROUND-*. Arguments: where the scripts of the cluster are, and Portolan's command.
 */
const [scripts, cli = ""] = process.argv.slice(2);
const here = "/tmp/cluster";
const configuration = { ...proxyConfiguration, mode: "ipvs" };
const resources = {
  Service: "/api/v1/services",
  Node: "/api/v1/nodes",
  EndpointSlice: "/apis/discovery.k8s.io/v1/endpointslices",
};

const settings = [
  "net.ipv4.conf.all.arp_announce",
  "net.ipv4.conf.all.arp_ignore",
  "net.ipv4.conf.all.route_localnet",
  "net.ipv4.ip_forward",
  "net.ipv4.vs.conntrack",
  "net.ipv4.vs.expire_nodest_conn",
  "net.ipv4.vs.expire_quiescent_template",
];

const dumps = {
  "iptables.save": ["iptables-save"],
  "ip6tables.save": ["ip6tables-save"],
  "ipset.save": ["ipset", "save"],
  "ipvsadm.save": ["ipvsadm", "-Sn"],
  "addresses.json": ["ip", "-j", "addr", "show", "dev", "kube-ipvs0"],
  "sysctl.all": ["sysctl", "-e", ...settings],
} as const;

const execute = promisify(execFile);

/** What a program prints, also where it ends with another code than 0. */
async function output([program = "", ...args]: readonly string[]): Promise<string> {
  try {
    return (await execute(program, args, { encoding: "utf8", maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    return String((error as { readonly stdout?: string }).stdout ?? "");
  }
}

const verify = [
  "verify",
  "--live",
  "--node",
  "node1",
  "--kubeconfig",
  `${here}/admin`,
  "--proxy-config",
  `${here}/config.conf`,
];

/** Waits until Portolan agrees with kube-proxy, or for as long as kube-proxy may take; what both say is kept. */
async function record(cluster: ControlPlane, round: string): Promise<void> {
  const write = (name: string, text: string) => writeFileSync(`out/${round}-${name}`, text);
  let verdict = "";
  for (const end = Date.now() + 90_000; Date.now() < end && !verdict.includes("no drift"); ) {
    verdict = await output([process.execPath, cli, ...verify]);
    tell(`round ${round}: ${verdict.trim().split("\n").at(-1)}`);
  }
  write("verify", verdict);
  for (const [name, argv] of Object.entries(dumps)) write(name, await output(argv));
  const lists = await Promise.all(
    Object.entries(resources).map(async ([kind, path]) => {
      const { apiVersion, items } = JSON.parse((await cluster.call("GET", path)).text);
      return items.map((item: object) => ({ apiVersion, kind, ...item }));
    }),
  );
  write("state.json", JSON.stringify({ apiVersion: "v1", kind: "List", items: lists.flat() }));
}

mkdirSync(here);
mkdirSync("out");
const { startControlPlane } = await import(`${scripts}/control-plane.mjs`);
const { binaryPath } = await import(`${scripts}/binaries.mjs`);
const began = Date.now();
const tell = (what: string) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s: ${what}`);
const cluster: ControlPlane = await startControlPlane(here, { controllers: ["endpointslice-controller"] });
tell("the control plane is ready");
for (const user of ["admin", "system:kube-proxy"] as const) writeFileSync(`${here}/${user}`, cluster.kubeconfig(user));
await makeProxiedState(cluster.call);
const clientConnection = { kubeconfig: `${here}/system:kube-proxy` };
writeFileSync(`${here}/config.conf`, JSON.stringify({ ...configuration, clientConnection }));
const log = openSync("out/kube-proxy.log", "a");
const flags = [`--config=${here}/config.conf`, "--hostname-override=node1"];
spawn(binaryPath("kube-proxy"), flags, { stdio: ["ignore", log, log] });
tell("kube-proxy is started");
const rounds = process.argv.slice(4).map((titles) => titles.split("|"));
for (const [index, titles] of rounds.entries()) {
  for (const { act, isDone } of changes.filter(({ title }) => titles.includes(title))) {
    await act(cluster.call);
    if (isDone !== undefined)
      await until(
        () => isDone(cluster.call),
        () => `the controllers have followed: ${titles.join()}`,
      );
  }
  await record(cluster, String(index));
}
// Nothing of the machine outlives it.
process.exit(0);
