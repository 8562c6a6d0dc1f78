import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { runCli, workspace } from "../harness/run-cli.ts";
import { skipFor } from "../harness/skip.ts";
import { whyNoCounters, whyNoKernel } from "../lab/needs.ts";
import { differencesFromFiles, differencesFromNode, type Files, withoutOwnComments } from "./compare-node.ts";
import { settled, until } from "./objects.ts";
import { changes } from "./proxied-changes.ts";
import { type ClusterNode, openClusterNode, startKubeProxy, startWatch } from "./proxied-node.ts";
import { makeProxiedState, proxyConfiguration } from "./proxied-state.ts";

const reason =
  whyNoCluster() ?? whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const names = ["node1", "node2"] as const;
const backends = { node1: "legacy", node2: "nft" } as const;
type NodeName = (typeof names)[number];

/** A node with kube-proxy, and one of the same name and back end with `portolan watch`. */
interface Pair {
  readonly name: NodeName;
  readonly proxied: ClusterNode;
  readonly watched: ClusterNode;
  kubeProxy: ChildProcess;
}

/** kube-proxy finds out by itself; a cluster's state does not tell. */
const countersReason = reason ?? whyNoCounters();
const hosts = names.map((name) => ({
  apiVersion: "portolan/v1alpha1",
  kind: "Host",
  metadata: { name },
  features: { nfacct: countersReason === undefined },
}));

describe("the real kube-proxy, and watch --apply beside it", skipFor(reason), () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-kube-proxy-"));
  let cluster: ControlPlane;
  let cwd: string;
  const pairs: Pair[] = [];

  beforeAll(async () => {
    cluster = await startControlPlane(folder, { controllers: ["endpointslice-controller"] });
    cwd = workspace({
      admin: cluster.kubeconfig("admin"),
      "hosts.json": hosts.map((one) => JSON.stringify(one)).join("\n"),
    });
    await makeProxiedState(cluster.call);
    const data = { "config.conf": JSON.stringify(proxyConfiguration) };
    const system = "/api/v1/namespaces/kube-system";
    await until(
      async () => (await cluster.call("GET", system)).status === 200,
      () => "there is kube-system",
    );
    await cluster.call("POST", `${system}/configmaps`, { metadata: { name: "kube-proxy" }, data });
    for (const name of names) {
      const proxied = await openClusterNode(cluster, name, backends[name]);
      const watched = await openClusterNode(cluster, name, backends[name]);
      pairs.push({ name, proxied, watched, kubeProxy: startKubeProxy(proxied, proxyConfiguration) });
      if (countersReason === undefined)
        for (const counter of ["ct_state_invalid_dropped_pkts", "localhost_nps_accepted_pkts"])
          watched.run(["nfacct", "add", counter]);
      startWatch(watched, proxyConfiguration);
    }
  }, 300_000);

  afterAll(async () => {
    for (const { proxied, watched } of pairs) for (const node of [proxied, watched]) node.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What `compile --live` writes for each node now. */
  const compiled = async (): Promise<Readonly<Record<NodeName, Files>>> => {
    const flags = ["--live", "--overlay", "hosts.json", "--all-nodes", "--out-dir", "out"];
    const { code, stderr } = await runCli(["compile", ...flags], { cwd, env: { KUBECONFIG: "admin" } });
    expect(code, stderr).toBe(0);
    const files = (name: string) => {
      const path = join(cwd, "out", name);
      return Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file), "utf8")]));
    };
    return { node1: files("node1"), node2: files("node2") };
  };

  const settle = async ({ proxied }: Pair, compare: () => readonly string[]) => {
    let found: readonly string[] = [];
    const log = () => readFileSync(proxied.file("kube-proxy.log"), "utf8").slice(-2000);
    await until(
      () => {
        found = compare();
        return found.length === 0;
      },
      () => `rules of ${proxied.name} that equal kube-proxy's\n${found.join("\n")}\n${log()}`,
    );
  };

  test.each(changes)(
    "$title",
    async ({ act, isDone, restarts, keepsComments }) => {
      const reads = keepsComments ? withoutOwnComments : undefined;
      await act(cluster.call);
      if (isDone !== undefined)
        await until(
          () => isDone(cluster.call),
          () => "the controllers have followed",
        );
      const wanted = await settled(compiled);
      for (const pair of pairs) {
        const { name, proxied, watched } = pair;
        if (restarts) {
          pair.kubeProxy.kill();
          await once(pair.kubeProxy, "exit");
          pair.kubeProxy = startKubeProxy(proxied, proxyConfiguration);
        }
        await settle(pair, () => differencesFromFiles(proxied, wanted[name], { backend: backends[name], reads }));
        await settle(pair, () => differencesFromNode(proxied, watched, reads));
        // Portolan's own comparison, beside that of the texts.
        const verified = proxied.portolan(["verify", "--live", "--node", name, "--kubeconfig", proxied.file("admin")]);
        expect(verified, verified.stdout).toMatchObject({ code: 0, stdout: expect.stringContaining("no drift") });
      }
    },
    240_000,
  );
});
