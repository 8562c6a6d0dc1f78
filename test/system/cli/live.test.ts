import { describe, expect, test } from "vitest";
import type { StoredObject } from "../../harness/cluster-objects.ts";
import { cluster, replaced } from "../../harness/cluster-text.ts";
import { type FakeApiOptions, fakeApi, kubeconfig, sendStatus } from "../../harness/fake-api.ts";
import { type CliOptions, problemsIn, runCli, workspace } from "../../harness/run-cli.ts";
import { proxyConfigMap, stored } from "../../harness/stored-objects.ts";

const configuration = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n";
const objects = [...stored(cluster), proxyConfigMap(configuration)];

/** Runs a command in a folder with `config` for a server of these objects, and `cluster.yaml`. */
async function runLive(
  args: readonly string[],
  served: readonly StoredObject[] = objects,
  options: FakeApiOptions = {},
) {
  const api = await fakeApi(served, options);
  const cwd = workspace({ config: kubeconfig({ server: api.url }), "cluster.yaml": cluster });
  const run = (more: readonly string[], how: CliOptions = {}) =>
    runCli(more, { cwd, env: { KUBECONFIG: "config" }, ...how });
  return { ...(await run(args)), run, api };
}

describe("every command that reads state reads a running cluster as it reads files", () => {
  const file = ["-f", "cluster.yaml", "--proxy-config", "proxy.yaml"];
  test.each([
    ["compile"],
    ["compile", "--mode", "iptables"],
    ["check"],
    ["explain", "service/shop/web"],
    ["explain", "packet", "--from", "node", "--to", "svc/shop/web"],
    ["plan", "--actual", "dump.txt"],
    ["verify", "--actual", "dump.txt"],
    ["apply", "--dry-run=client"],
    ["diff", "--to-mode", "iptables"],
  ])("%s %s %s %s %s %s", async (...words) => {
    const args = words.filter((word) => word !== undefined);
    const api = await fakeApi(objects);
    const dump = "# portolan collect v1\n";
    const files = { config: kubeconfig({ server: api.url }), "cluster.yaml": cluster, "proxy.yaml": configuration };
    const cwd = workspace({ ...files, "dump.txt": `${dump}` });
    const live = await runCli([...args, "--live", "--kubeconfig", "config"], { cwd });
    const same = await runCli([...args, ...file], { cwd });
    // These say where a thing stands, which only files have lines for.
    const hasPlaces = ["explain", "check", "diff"].includes(args[0] ?? "");
    expect(live.code).toBe(same.code);
    if (!hasPlaces) expect(live.stdout).toBe(same.stdout);
    expect(live.stdout === "").toBe(same.stdout === "");
    expect(live.stderr).not.toContain("bug in Portolan");
  });
});

describe("diff", () => {
  const more = replaced(cluster, "[10.0.1.5]", "[10.0.1.6]");

  test("from the cluster to a file", async () => {
    const { run } = await runLive(["version"]);
    const result = await run(["diff", "--live", "-"], { stdin: `${more}---\n${configuration}` });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stdout).toContain("10.0.1.6");
  });

  test("the cluster with manifests laid over it", async () => {
    const { run } = await runLive(["version"]);
    const result = await run(["diff", "--live", "--overlay", "-"], { stdin: more });
    expect(result.code).toBe(1);
    expect((await run(["diff", "--live", "--overlay", "cluster.yaml"])).code).toBe(0);
  });

  test("live: as a side, at either end, and the context of the other flags or its own", async () => {
    const { run } = await runLive(["version"]);
    const same = `${cluster}---\n${configuration}`;
    expect((await run(["diff", "-", "live:"], { stdin: same })).code).toBe(0);
    expect((await run(["diff", "live:test", "-"], { stdin: same })).code).toBe(0);
    expect((await run(["diff", "live:", "live:test", "--kubeconfig", "config"], { env: {} })).code).toBe(0);
    const unknown = await run(["diff", "live:tes", "-"], { stdin: same });
    expect(unknown).toMatchObject({ code: 4, stdout: "" });
    expect(unknown.stderr).toContain("there is no context tes in config; did you mean test?");
    expect((await run(["diff", "live:", "--to-mode", "ipvs"])).code).toBe(2);
    expect((await run(["diff", "live:", "cluster.yaml", "--live"])).code).toBe(2);
  });

  test("two sides laid over the cluster, which is read once", async () => {
    const { run, api } = await runLive(["version"]);
    const result = await run(["diff", "--live", "cluster.yaml", "-"], { stdin: more });
    expect(result.code).toBe(1);
    expect(api.asked.filter((path) => path.startsWith("/api/v1/services"))).toHaveLength(1);
  });
});

describe("pods are read where objects are laid over the cluster or filled in", () => {
  const pod = (name: string, ip: string): string =>
    `apiVersion: v1
kind: Pod
metadata: {name: ${name}-1, namespace: shop, labels: {app: ${name}}}
spec: {nodeName: node1, containers: [{name: main}]}
status: {phase: Running, podIP: ${ip}, podIPs: [{ip: ${ip}}], conditions: [{type: Ready, status: "True"}]}
`;
  const selecting = (name: string, app: string): string =>
    `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec: {selector: {app: ${app}}, ports: [{port: 80, targetPort: 8080}]}
`;
  const spec = "  selector: {app: web}\n  ports:\n  - port: 80\n    targetPort: 8080\n    nodePort";
  const withSelector = replaced(cluster, "  ports:\n  - port: 80\n    nodePort", spec);
  const served = stored([withSelector, pod("web", "10.0.1.5"), pod("new", "10.0.1.7")].join("---\n"));
  const noPods: FakeApiOptions = {
    intercept: ({ url }, response) => {
      const isOfPods = url?.startsWith("/api/v1/pods") === true;
      if (isOfPods) sendStatus(response, 403, 'pods is forbidden: User "u1" cannot list resource "pods"');
      return isOfPods;
    },
  };
  const isOfPods = (path: string): boolean => path.startsWith("/api/v1/pods");

  test("diff: a new Service has the endpoints of its pods", async () => {
    const { run } = await runLive(["version"], served);
    const result = await run(["diff", "--live", "--overlay", "-", "--simulate"], { stdin: selecting("new", "new") });
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("10.0.1.7:8080");
    expect(result.stdout).not.toContain("rejected");
  });

  test.each(["--overlay", "cluster.yaml"])("diff: another selector, over the cluster by %s", async (path) => {
    const { run } = await runLive(["version"], served);
    const result = await run(["diff", "--live", path, "-"], { stdin: selecting("web", "new") });
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("10.0.1.7:8080");
  });

  test.each([["compile"], ["apply", "--dry-run=client"], ["check"], ["explain", "service/shop/web"]])(
    "%s %s %s",
    async (...words) => {
      const args = words.filter((word) => word !== undefined);
      const { run, api } = await runLive(["version"], served);
      const overlaid = await run([...args, "--live", "--overlay", "-"], { stdin: selecting("web", "new") });
      expect(overlaid.stderr).not.toContain("overlay-endpoints-kept");
      expect(api.asked.filter(isOfPods)).toHaveLength(1);
      await run([...args, "--live", "--simulate"]);
      expect(api.asked.filter(isOfPods)).toHaveLength(2);
    },
  );

  test("who may not list them is warned and served without", async () => {
    const { run, api } = await runLive(["version"], served, noPods);
    for (const args of [["diff"], ["check"], ["compile"]]) {
      const stdin = selecting("web", "new");
      const { code, stdout, stderr } = await run([...args, "--live", "--overlay", "-"], { stdin });
      expect(code, stderr).toBeLessThan(2);
      expect(stdout).not.toBe("");
      if (args[0] === "diff")
        expect(stdout).toContain("assumed: pods could not be read: endpoints are those of the cluster");
      expect(stderr).toContain("warning: pods cannot be read, so endpoints are those of the cluster");
      expect(stderr).toContain("missing permission to list pods in all namespaces");
      expect(stderr.match(/pods cannot be read/g)).toHaveLength(1);
    }
    expect(api.asked.filter(isOfPods)).toHaveLength(3);
  });

  test("as it is, the cluster is read without them", async () => {
    const { api } = await runLive(["compile", "--live"], served, noPods);
    expect(api.asked.filter(isOfPods)).toEqual([]);
  });
});

describe("what is said", () => {
  test("the place of a problem is the object and the context it was read from", async () => {
    const broken = stored(replaced(cluster, "port: 80\n", "port: 0\n"));
    const { stderr, code } = await runLive(["compile", "--live"], broken);
    expect(code).toBe(3);
    expect(problemsIn(stderr)).toEqual(["error[port-out-of-range] live:Service shop/web (context test)"]);
  });

  test("a cluster without kube-proxy's ConfigMap is taken to have the defaults, and that is told", async () => {
    const { stderr, code } = await runLive(["compile", "--live"], stored(cluster));
    expect(code).toBe(0);
    expect(stderr).toContain("note: the cluster has no ConfigMap kube-system/kube-proxy");
    expect(stderr.split("\n").every((line) => line.length <= 80)).toBe(true);
  });

  test("a broken configuration in the ConfigMap", async () => {
    const { stderr, code } = await runLive(["compile", "--live"], [...stored(cluster), proxyConfigMap("mode: [")]);
    expect(code).toBe(3);
    expect(stderr).toContain("live:ConfigMap kube-system/kube-proxy (context test)");
  });

  test("a cluster that cannot be read: exit 4, nothing on stdout, no token anywhere", async () => {
    const api = await fakeApi(objects, { token: "right" });
    const user = { token: "wrong-and-secret" };
    const cwd = workspace({ config: kubeconfig({ server: api.url, user }) });
    const result = await runCli(["compile", "--live", "--kubeconfig", "config"], { cwd });
    expect(result).toMatchObject({ code: 4, stdout: "" });
    expect(result.stderr).toMatch(/^error: cannot read test \(http:.*401 Unauthorized/);
    expect(result.stderr).not.toContain("secret");
  });

  test("names from a kubeconfig cannot reach the terminal with control characters", async () => {
    const config = kubeconfig({ server: "http://127.0.0.1:1" }).replaceAll('"test"', '"te\\u001b[31mst"');
    const result = await runCli(["compile", "--live", "--kubeconfig", "config"], { cwd: workspace({ config }) });
    expect(result.code).toBe(4);
    expect(result.stderr).not.toContain("\u001b");
  });
});

describe("flags", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["compile", "--live", "-f", "cluster.yaml"], "cannot be used with option"],
    [["compile", "-f", "cluster.yaml", "--context", "prod"], "--context needs --live"],
    [["compile", "--live", "--request-timeout", "soon"], "Write it as a number and a unit"],
    [["compile", "--live", "--context", ""], "It is empty."],
    [["compile"], "no input: pass -f FILE or --live"],
    [["check"], "-f or --live"],
    [["apply", "--live", "--restore", "x"], "pass exactly one of"],
  ];
  test.each(cases)("%j: exit 2", async (args, says) => {
    const result = await runCli(args, { cwd: workspace({ "cluster.yaml": cluster }) });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain(says);
  });

  test("whom to be goes into the request", async () => {
    const { run, api } = await runLive(["version"]);
    expect((await run(["compile", "--live", "--as", "jane", "--request-timeout=5"])).code).toBe(0);
    expect(api.headers.every(({ "impersonate-user": as }) => as === "jane")).toBe(true);
  });
});
