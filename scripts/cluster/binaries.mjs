import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const kubernetesVersion = "1.36.3";
export const etcdVersion = "3.6.8";

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");

/** Where the control plane's programs are built, once, and looked for by the tests. */
export const clusterFolder =
  process.env.PORTOLAN_CLUSTER_FOLDER ?? join(cache, "portolan", `kubernetes-${kubernetesVersion}`);

export const binaries = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy"];

export function binaryPath(name) {
  return join(clusterFolder, "bin", name);
}

/** Why a real control plane cannot be started here; undefined: it can. */
export function whyNoCluster() {
  const missing = binaries.filter((name) => !existsSync(binaryPath(name)));
  if (missing.length === 0) return undefined;
  return `no ${missing.join(", ")} in ${join(clusterFolder, "bin")}: npm run test:cluster builds them (some ten minutes, once)`;
}
