import { execFileSync, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const cli = join(root, "dist/cli/portolan.js");
const child = fileURLToPath(new URL("compile-child.mjs", import.meta.url));

/** `10000x10` or `10000x10cl2`. */
export function parseSize(text) {
  const [, services, endpoints, mix] = /^(\d+)x(\d+)(cl2)?$/.exec(text) ?? [];
  if (services === undefined) throw new Error(`${text} is not a size like 10000x10 or 10000x10cl2`);
  const workload = ["--services", services, "--endpoints", endpoints, ...(mix === undefined ? [] : ["--mix", mix])];
  return { name: `${services} x ${endpoints}${mix === undefined ? "" : ` ${mix}`}`, workload };
}

export function emitCluster(oracle, { workload }, mode, folder) {
  const file = join(folder, "cluster.json");
  execFileSync(oracle, ["bench", ...workload, "--mode", mode, "--emit-cluster", file, "--no-sync"]);
  return file;
}

/** Both compilers in turn, so that a busy minute hits both. */
export function measureCompilers(oracle, { workload }, { mode, file, runs }) {
  const kubeProxy = [];
  const portolan = [];
  for (let run = 0; run < runs; run += 1) {
    const theirs = execFileSync(oracle, ["bench", ...workload, "--mode", mode], { encoding: "utf8" });
    kubeProxy.push(JSON.parse(theirs));
    portolan.push(JSON.parse(execFileSync(process.execPath, [child, file, mode], { encoding: "utf8" })));
  }
  return { kubeProxy, portolan };
}

export function wallTime(args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`portolan ${args.join(" ")}: exit ${status}\n${stderr}`);
  return performance.now() - start;
}

/** The configuration that the oracle's bench has, as a file. */
export function writeConfiguration(mode, folder) {
  const file = join(folder, "kube-proxy.yaml");
  const kinds = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
  writeFileSync(file, `${kinds}mode: ${mode}\nclusterCIDR: 100.64.0.0/10\n`);
  return file;
}

/** The whole command: process start, reading, compiling, writing. */
export function measureCommand(kind, { mode, folder, file, runs }) {
  const out = join(folder, "out");
  const configuration = writeConfiguration(mode, folder);
  const commands = {
    version: ["--version"],
    small: ["compile", "-f", join(root, "golden/service-python/cluster.yaml"), "--mode", mode, "--out-dir", out],
    large: ["compile", "-f", file, "--node", "node-0", "--proxy-config", configuration, "--out-dir", out],
  };
  return Array.from({ length: runs }, () => {
    rmSync(out, { recursive: true, force: true });
    return wallTime(commands[kind]);
  });
}
