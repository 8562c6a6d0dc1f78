import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { runCli, workspace } from "../harness/run-cli.ts";
import { skipFor } from "../harness/skip.ts";
import { whyNoKernel } from "../lab/needs.ts";
import { inWrittenForm } from "../lab/nft-listing.ts";
import { settled, until } from "./objects.ts";
import { changes } from "./proxied-changes.ts";
import { type ClusterNode, openClusterNode, startKubeProxy, startWatch } from "./proxied-node.ts";
import { makeProxiedState, proxyConfiguration } from "./proxied-state.ts";

const reason =
  whyNoCluster() ??
  whyNoKernel(["nft", "unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const names = ["node1", "node2"] as const;
const families = ["ip", "ip6"] as const;
const configuration = {
  ...proxyConfiguration,
  mode: "nftables",
  nftables: { minSyncPeriod: "100ms", syncPeriod: "5s" },
};
/** That of scripts/cluster: a single endpoint has a map still. */
const version = ["--kube-proxy-version", "1.36"];

/** A node with kube-proxy, and one of the same name with `portolan watch`. */
interface Pair {
  readonly name: (typeof names)[number];
  readonly proxied: ClusterNode;
  readonly watched: ClusterNode;
  kubeProxy: ChildProcess;
}

describe("the real kube-proxy in nftables mode, and watch --apply beside it", skipFor(reason), () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-kube-proxy-"));
  let cluster: ControlPlane;
  let cwd: string;
  const pairs: Pair[] = [];

  beforeAll(async () => {
    cluster = await startControlPlane(folder, { controllers: ["endpointslice-controller"] });
    cwd = workspace({ admin: cluster.kubeconfig("admin"), "config.conf": JSON.stringify(configuration) });
    await makeProxiedState(cluster.call);
    for (const name of names) {
      const proxied = await openClusterNode(cluster, name, "nft");
      const watched = await openClusterNode(cluster, name, "nft");
      for (const node of [proxied, watched]) bindAddresses(node, name);
      pairs.push({ name, proxied, watched, kubeProxy: startKubeProxy(proxied, configuration) });
      startWatch(watched, configuration, version);
    }
  }, 300_000);

  afterAll(async () => {
    for (const { proxied, watched } of pairs) for (const node of [proxied, watched]) node.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const compiled = async (name: string): Promise<readonly string[]> => {
    const flags = ["--live", "--proxy-config", "config.conf", "--node", name, ...version, "--out-dir", `out/${name}`];
    const { code, stderr } = await runCli(["compile", ...flags], { cwd, env: { KUBECONFIG: "admin" } });
    expect(code, stderr).toBe(0);
    return families.map((family) => readFileSync(join(cwd, "out", name, `nftables.${family}.nft`), "utf8"));
  };

  test.each(changes)(
    "$title",
    async ({ act, isDone, restarts }) => {
      await act(cluster.call);
      if (isDone !== undefined)
        await until(
          () => isDone(cluster.call),
          () => "the controllers have followed",
        );
      for (const pair of pairs) {
        const { name, proxied, watched } = pair;
        if (restarts) {
          pair.kubeProxy.kill();
          await once(pair.kubeProxy, "exit");
          pair.kubeProxy = startKubeProxy(proxied, configuration);
        }
        const wanted = await settled(() => compiled(name));
        for (const [node, program] of [
          [proxied, "kube-proxy"],
          [watched, "watch"],
        ] as const) {
          let found: readonly string[] = [];
          await until(
            () => {
              found = families.map((family, at) => loadedTable(node, family, wanted[at] ?? ""));
              return found.join() === wanted.map(withoutReset).join();
            },
            () =>
              `tables of ${name} by ${program}\n${differentLines(wanted.map(withoutReset), found)}\n${lastWords(node, program)}`,
          );
        }
        // Portolan's own comparison, beside that of the texts.
        const flags = ["--live", "--node", name, "--kubeconfig", proxied.file("admin"), ...version];
        const verified = proxied.portolan(["verify", ...flags, "--proxy-config", proxied.file("config.conf")]);
        expect(verified, verified.stdout).toMatchObject({ code: 0, stdout: expect.stringContaining("no drift") });
      }
    },
    240_000,
  );
});

/** kube-proxy serves node ports only at addresses that an interface has: those of proxied-state.ts, and one of a change. */
function bindAddresses(node: ClusterNode, name: string): void {
  const index = name.slice(-1);
  node.run(["ip", "link", "add", "node0", "type", "veth", "peer", "name", "other0"]);
  for (const address of [`192.0.2.${index}/24`, `2001:db8:2::${index}/64`, "203.0.113.5/24"])
    node.run(["ip", "addr", "add", address, "dev", "node0", ...(address.includes(":") ? ["nodad"] : [])]);
  for (const link of ["node0", "other0"]) node.run(["ip", "link", "set", link, "up"]);
}

/** The compiled text begins by making the table anew. */
const withoutReset = (text: string): string => text.replace(/^(add|delete) table .*\n/gm, "");

/** A table as the kernel lists it, in the form of the compiled text; chains that are empty, and not wanted, wait to be deleted. */
function loadedTable(node: ClusterNode, family: string, wanted: string): string {
  const { code, stdout } = node.run(["nft", "-s", "list", "table", family, "kube-proxy"]);
  if (code !== 0) return "";
  return inWrittenForm(stdout).replace(/^\tchain (\S+) \{\n(?:\t\tcomment .*\n)?\t\}\n\n?/gm, (block, name) =>
    wanted.includes(`\tchain ${name} {`) ? block : "",
  );
}

function differentLines(wanted: readonly string[], found: readonly string[]): string {
  const [want, have] = [wanted, found].map((texts) => texts.join("\n").split("\n"));
  const lost = want?.filter((line) => !have?.includes(line)).map((line) => `- ${line}`) ?? [];
  const extra = have?.filter((line) => !want?.includes(line)).map((line) => `+ ${line}`) ?? [];
  return [...lost, ...extra].slice(0, 40).join("\n");
}

const lastWords = (node: ClusterNode, program: string): string =>
  readFileSync(node.file(`${program}.log`), "utf8").slice(-2000);
