import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { type CliResult, runCli, workspace } from "../harness/run-cli.ts";
import { skipFor } from "../harness/skip.ts";

const reason = whyNoCluster();

const serviceCount = 620;
const configuration = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
clusterCIDR: 10.244.0.0/16
`;

describe("a real API server", skipFor(reason), () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-cluster-"));
  let cluster: ControlPlane;
  let cwd: string;

  beforeAll(async () => {
    cluster = await startControlPlane(folder);
    await fill(cluster);
    cwd = workspace({ admin: cluster.kubeconfig("admin"), nobody: cluster.kubeconfig("nobody") });
  }, 300_000);

  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (args: readonly string[], stdin = "", user = "admin"): Promise<CliResult> =>
    runCli(args, { cwd, stdin, env: { KUBECONFIG: user } });

  test("compile --live writes what compile of its snapshot writes, in either mode", async () => {
    const snapshot = await run(["snapshot", "--live"]);
    expect(snapshot).toMatchObject({ code: 0, stderr: "" });
    expect((await run(["snapshot", "--live"])).stdout).toBe(snapshot.stdout);
    expect(snapshot.stdout.match(/^kind: Service$/gm)).toHaveLength(serviceCount + 2);
    for (const mode of ["iptables", "ipvs"]) {
      const live = await run(["compile", "--live", "--all-nodes", "--mode", mode]);
      const file = await run(["compile", "-f", "-", "--all-nodes", "--mode", mode], snapshot.stdout);
      expect(live.code).toBe(0);
      expect(live.stdout).toContain("10.244.1.5");
      expect(file.stdout).toBe(live.stdout);
    }
    expect((await run(["diff", "--live", "-"], snapshot.stdout)).code).toBe(0);
  });

  test("what kubectl would print gives the same snapshot", async () => {
    const paths = [
      "/api/v1/services",
      "/api/v1/nodes",
      "/apis/discovery.k8s.io/v1/endpointslices",
      "/apis/networking.k8s.io/v1/servicecidrs",
    ];
    const lists = await Promise.all(paths.map((path) => cluster.call("GET", path)));
    const kubectl = lists.map(({ text }) => text).join("\n");
    const map = (await cluster.call("GET", "/api/v1/namespaces/kube-system/configmaps/kube-proxy")).text;
    const snapshot = await run(["snapshot", "-f", "-"], `${kubectl}\n${map}`);
    expect(snapshot.stdout).toBe((await run(["snapshot", "--live"])).stdout);
  });

  test("forbidden and unauthorized say so", async () => {
    const forbidden = await run(["compile", "--live"], "", "nobody");
    expect(forbidden).toMatchObject({ code: 4, stdout: "" });
    expect(forbidden.stderr).toContain("forbidden: missing permission to list services in all namespaces");
    const expired = workspace({ config: cluster.kubeconfig("admin").replace("admin-token", "gone") });
    const refused = await runCli(["compile", "--live", "--kubeconfig", "config"], { cwd: expired });
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("401 Unauthorized");
  });
});

/** Nodes, Services of several kinds with more of them than one page holds, slices, a pod's worth of configuration. */
async function fill({ call }: ControlPlane): Promise<void> {
  await call("POST", "/api/v1/namespaces", { metadata: { name: "shop" } });
  await waitFor(() => call("GET", "/api/v1/namespaces/kube-system"));
  for (const index of [1, 2]) {
    const spec = { podCIDR: `10.244.${index}.0/24`, podCIDRs: [`10.244.${index}.0/24`] };
    await call("POST", "/api/v1/nodes", { metadata: { name: `node${index}` }, spec });
    const status = { addresses: [{ type: "InternalIP", address: `192.0.2.${index}` }] };
    const node: unknown = JSON.parse((await call("GET", `/api/v1/nodes/node${index}`)).text);
    await call("PUT", `/api/v1/nodes/node${index}/status`, { ...(node as object), status });
  }
  const map = { metadata: { name: "kube-proxy" }, data: { "config.conf": configuration } };
  await call("POST", "/api/v1/namespaces/kube-system/configmaps", map);
  const services = "/api/v1/namespaces/shop/services";
  const nodePort = { type: "NodePort", externalTrafficPolicy: "Local", ports: [{ name: "http", port: 80 }] };
  await call("POST", services, { metadata: { name: "web" }, spec: { ...nodePort, ipFamilyPolicy: "PreferDualStack" } });
  for (let index = 0; index < serviceCount; index++) {
    await call("POST", services, { metadata: { name: `s${index}` }, spec: { ports: [{ port: 80 }] } });
  }
  await call("POST", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", {
    metadata: { name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: [
      { addresses: ["10.244.2.6"], nodeName: "node2", conditions: { ready: true } },
      { addresses: ["10.244.1.5"], nodeName: "node1", conditions: { ready: true } },
    ],
  });
}

async function waitFor(ask: () => Promise<{ readonly status: number }>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if ((await ask()).status === 200) return;
    await new Promise((done) => setTimeout(done, 100));
  }
}
