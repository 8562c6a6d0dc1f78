import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { compareWithKubeProxy, ruleDifferences } from "../../scripts/conformance/compare.mjs";
import { runCli, workspace } from "../cli/run-cli.ts";
import { type Backend, whyNoKernel } from "../lab/needs.ts";
import { slicesOf, until } from "./objects.ts";
import { type ClusterNode, openClusterNode, startKubeProxy } from "./proxied-node.ts";
import { makeProxiedState, proxyConfiguration } from "./proxied-state.ts";

const reason =
  whyNoCluster() ?? whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);
if (reason !== undefined) console.warn(`SKIPPED, the real kube-proxy: ${reason}`);

const controllers = ["endpointslice-controller", "deployment-controller", "replicaset-controller"];

describe.skipIf(reason !== undefined)("the real kube-proxy", () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-kube-proxy-"));
  let cluster: ControlPlane;
  let cwd: string;
  const proxied: ClusterNode[] = [];

  beforeAll(async () => {
    cluster = await startControlPlane(folder, { controllers });
    cwd = workspace({ admin: cluster.kubeconfig("admin") });
    await makeProxiedState(cluster.call);
    const data = { "config.conf": JSON.stringify(proxyConfiguration) };
    await until(async () => (await cluster.call("GET", "/api/v1/namespaces/kube-system")).status === 200, () => "kube-system");
    await cluster.call("POST", "/api/v1/namespaces/kube-system/configmaps", { metadata: { name: "kube-proxy" }, data });
    for (const [name, backend] of [["node1", "legacy"], ["node2", "nft"]] as const) {
      const node = await openClusterNode(cluster, name, backend);
      proxied.push(node);
      startKubeProxy(node, proxyConfiguration);
    }
  }, 300_000);

  afterAll(async () => {
    if (process.env.KEEP) await new Promise((r) => setTimeout(r, 1e6));
    for (const node of proxied) node.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("first", async () => {
    await until(async () => (await slicesOf(cluster.call, "web")).length === 2, () => "slices");
    const out = await runCli(["compile", "--live", "--all-nodes", "--out-dir", "out"], { cwd, env: { KUBECONFIG: "admin" } });
    console.log(out);
    await new Promise((r) => setTimeout(r, 5000));
    for (const node of proxied) {
      const path = join(cwd, "out", node.name);
      const files = Object.fromEntries(readdirSync(path).map((f) => [f, readFileSync(join(path, f), "utf8")]));
      console.log(node.name, compareWithKubeProxy({...node.saved()}, files).join("\n").slice(0, 6000));
      console.log(readFileSync(node.file("kube-proxy.log"), "utf8").slice(0, 6000));
      console.log(node.portolan(["verify", "--live", "--node", node.name, "--kubeconfig", node.file("admin")]));
    }
  }, 2000000);
});
