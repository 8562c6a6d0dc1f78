import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { createAuthority } from "../harness/certificates.ts";
import { runCli, workspace } from "../harness/run-cli.ts";
import { runWatch, shortTimes } from "../harness/run-watch.ts";
import { skipFor } from "../harness/skip.ts";
import { proxyConfigMap } from "../harness/stored-objects.ts";
import { whyNoKernel } from "../lab/needs.ts";
import { deployAccount } from "./service-account.ts";
import { planOf, store, webSlice } from "./shop.ts";
import { shopPlane } from "./shop-plane.ts";

const reason = whyNoCluster();
const commandReason = whyNoKernel(["iptables-save", "ip", "openssl"]);

const times = { ...shortTimes, answer: 5000 };
const limit = 40_000;
const proxyConfig = { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration" };

describe("a real API server", skipFor(reason), () => {
  const { folder, plane } = shopPlane();

  test("lets who has kube-proxy's rights watch, where the configuration comes from a file", async () => {
    const kubeconfig = plane().kubeconfig("system:kube-proxy");
    const watch = runWatch({ kubeconfig }, { proxyConfig, times, limit });
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    await store(plane(), webSlice("10.0.1.91"));
    await watch.until(() => watch.rules().includes("10.0.1.91:8080"), "a change");
    expect(watch.count("cannot watch")).toBe(0);
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });

  test("is shown the credentials of a plugin, and new ones when they have expired", async () => {
    const count = join(folder, "count");
    const plugin = join(folder, "plugin");
    writeFileSync(count, "");
    writeFileSync(
      plugin,
      `#!/bin/sh
echo asked >> ${count}
expiry=$(date -u -d "+2 seconds" +%Y-%m-%dT%H:%M:%SZ)
echo '{"kind":"ExecCredential","status":{"token":"admin-token","expirationTimestamp":"'$expiry'"}}'
`,
    );
    chmodSync(plugin, 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin, interactiveMode: "Never" };
    const kubeconfig = withUser(plane().kubeconfig("admin"), { exec });
    // The server is asked to end a watch every second, so that there is something to ask for.
    const watch = runWatch({ kubeconfig }, { times: { ...times, length: 1000 }, limit });
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    const asked = () => readFileSync(count, "utf8").split("\n").length - 1;
    const first = asked();
    await watch.until(() => asked() > first, "another ask");
    await store(plane(), webSlice("10.0.1.92"));
    await watch.until(() => watch.rules().includes("10.0.1.92:8080"), "a change");
    expect(watch.entries.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("lets the service account of the manifests watch, the configuration too, also when its token is renewed", async () => {
    const newToken = await deployAccount(plane());
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, await newToken());
    const kubeconfig = withUser(plane().kubeconfig("admin"), { tokenFile });
    const watch = runWatch({ kubeconfig }, { times: { ...times, length: 1000 }, limit, freshFor: 100 });
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    expect(watch.entries).toContainEqual({ level: "info", msg: "listed", resource: "configmaps", objects: 0 });
    writeFileSync(tokenFile, "expired");
    await watch.until(() => watch.entries.some(({ error }) => /401 Unauthorized/.test(String(error))), "a refusal");
    await store(plane(), webSlice("10.0.1.93"));
    writeFileSync(tokenFile, await newToken());
    await watch.until(() => watch.rules().includes("10.0.1.93:8080"), "the change of meanwhile");
    await store(plane(), proxyConfigMap(`${JSON.stringify({ ...proxyConfig, iptables: { masqueradeAll: true } })}\n`));
    await watch.until(
      () => /-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/.test(watch.rules()),
      "the configuration",
    );
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
    await plane().call("DELETE", "/api/v1/namespaces/kube-system/configmaps/kube-proxy");
  });

  describe("and the command", skipFor(commandReason), () => {
    const watch = (config: string, files: Readonly<Record<string, string>> = {}) => {
      const cwd = workspace({ ...files, config });
      const flags = ["--live", "--verify", "--kubeconfig", "config", "--node", "node1"];
      return runCli(["watch", ...flags], { cwd });
    };

    test("without the right to read the configuration: it says which, and what to do instead", async () => {
      const { code, stderr } = await watch(plane().kubeconfig("system:kube-proxy"));
      expect(code).toBe(4);
      expect(stderr).toContain("forbidden: missing permission to list configmaps in namespace kube-system");
      expect(stderr).toContain("or pass the configuration with --proxy-config FILE");
    });

    test("with an authority that did not issue the server's certificate", async () => {
      const { ca } = createAuthority(mkdtempSync(join(folder, "ca-")));
      const config = JSON.parse(plane().kubeconfig("admin"));
      config.clusters[0].cluster["certificate-authority"] = "ca.crt";
      const { code, stderr } = await watch(JSON.stringify(config), { "ca.crt": ca });
      expect(code).toBe(4);
      expect(stderr).toContain("TLS: the kubeconfig does not name the authority that issued the server's certificate");
    });

    test("with a token that nobody knows", async () => {
      const { code, stderr } = await watch(withUser(plane().kubeconfig("admin"), { token: "gone" }));
      expect(code).toBe(4);
      expect(stderr).toContain("401 Unauthorized");
    });
  });
});

function withUser(kubeconfig: string, user: object): string {
  const config = JSON.parse(kubeconfig);
  config.users[0].user = user;
  return JSON.stringify(config);
}
