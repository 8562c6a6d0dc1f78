import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shuffled } from "../../harness/cluster-objects.ts";
import { cluster, replaced } from "../../harness/cluster-text.ts";
import { fakeApi, kubeconfig } from "../../harness/fake-api.ts";
import { runCli, workspace } from "../../harness/run-cli.ts";
import { proxyConfigMap, storedCase } from "../../harness/stored-objects.ts";

const configuration = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n";

test("the same cluster gives the same bytes, and they compile to what the cluster compiles to", async () => {
  const objects = [...storedCase("dempapp-wordpress"), proxyConfigMap(configuration)];
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "a", labels: { app: "x" } } };
  const [first, second] = [await fakeApi([...objects, pod]), await fakeApi(shuffled([pod, ...objects]))];
  const cwd = workspace({ a: kubeconfig({ server: first.url }), b: kubeconfig({ server: second.url }) });
  const snapshot = async (config: string) => runCli(["snapshot", "--live", "--kubeconfig", config], { cwd });
  const [one, again, other] = [await snapshot("a"), await snapshot("a"), await snapshot("b")];
  expect(one).toMatchObject({ code: 0, stderr: "" });
  expect(again.stdout).toBe(one.stdout);
  expect(other.stdout).toBe(one.stdout);
  expect(one.stdout).not.toMatch(/resourceVersion|managedFields|uid|Timestamp/);
  expect(one.stdout).toContain("kind: Pod");
  const all = ["compile", "--all-nodes"];
  const fromSnapshot = await runCli([...all, "-f", "-"], { cwd, stdin: one.stdout });
  const fromCluster = await runCli([...all, "--live", "--kubeconfig", "a"], { cwd });
  expect(fromSnapshot.code).toBe(0);
  expect(fromSnapshot.stdout).toContain("ipset");
  expect(fromSnapshot.stdout).toBe(fromCluster.stdout);
});

test("JSON says what YAML says", async () => {
  const cwd = workspace({ "cluster.yaml": cluster });
  const json = await runCli(["snapshot", "-f", "cluster.yaml", "-o", "json"], { cwd });
  const yaml = await runCli(["snapshot", "-f", "-"], { cwd, stdin: json.stdout });
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: "List", apiVersion: "v1" });
  expect(yaml.stdout).toBe((await runCli(["snapshot", "-f", "cluster.yaml"], { cwd })).stdout);
});

test("--proxy-config is the configuration of the snapshot", async () => {
  const cwd = workspace({
    "cluster.yaml": `${cluster}---\n${configuration}`,
    p: configuration.replace("ipvs", "iptables"),
  });
  const { stdout } = await runCli(["snapshot", "-f", "cluster.yaml", "--proxy-config", "p"], { cwd });
  expect(stdout.match(/^mode: .*$/gm)).toEqual(["mode: iptables"]);
});

test("--split writes a file for each namespace, removes those that are gone, and no others", async () => {
  const other = replaced(
    replaced(cluster, "name: web\n  namespace: shop", "name: web\n  namespace: test"),
    "nodePort: 30080",
    "nodePort: 30081",
  );
  const cwd = workspace({ "a.yaml": cluster, "b.yaml": other });
  const split = (file: string, ...more: readonly string[]) =>
    runCli(["snapshot", "-f", file, "--split", "out", ...more], { cwd });
  const names = (): readonly string[] => readdirSync(join(cwd, "out")).sort();
  expect(await split("b.yaml")).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringMatching(/^out: \d files written$/m),
  });
  expect(names()).toEqual([".portolan-snapshot", "_cluster.yaml", "shop.yaml", "test.yaml"]);
  writeFileSync(join(cwd, "out", "mine.txt"), "# mine\n");
  await split("a.yaml");
  expect(names()).toEqual([".portolan-snapshot", "_cluster.yaml", "mine.txt", "shop.yaml"]);
  await split("a.yaml", "--split-by", "object", "-o", "json");
  expect(names()).toEqual([
    ".portolan-snapshot",
    "_cluster.node.node1.json",
    "mine.txt",
    "shop.endpointslice.web-x1.json",
    "shop.service.web.json",
  ]);
  const compiled = await runCli(["compile", "-f", "out", "--node", "node1"], { cwd });
  expect(compiled.stdout).toBe((await runCli(["compile", "-f", "a.yaml"], { cwd })).stdout);
});

test("--split finds a file name for objects of any name", async () => {
  const named = (name: string) => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}","namespace":"shop"}}`;
  const items = [named("\\ud800"), named(`a${"b".repeat(251)}c`), named(`a${"b".repeat(251)}d`), named("../x")];
  const cwd = workspace({ "a.json": `{"apiVersion":"v1","kind":"List","items":[${items}]}` });
  const run = await runCli(["snapshot", "-f", "a.json", "--split", "out", "--split-by", "object"], { cwd });
  expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^out: \d+ files written$/m) });
  const names = readdirSync(join(cwd, "out"));
  expect(names).toHaveLength(5);
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThan(256);
  const again = await runCli(["snapshot", "-f", "out"], { cwd });
  expect(again.stdout.match(/kind: Pod/g)).toHaveLength(4);
});

test("--split never removes anything outside its directory, whatever the index says", async () => {
  const cwd = workspace({ "a.yaml": cluster, "keep.yaml": "kept", "out/.portolan-snapshot": "../keep.yaml\n" });
  await runCli(["snapshot", "-f", "a.yaml", "--split", "out"], { cwd });
  expect(readFileSync(join(cwd, "keep.yaml"), "utf8")).toBe("kept");
});

test("names of objects that no API server takes stay inside the directory", async () => {
  const cwd = workspace({ "a.yaml": replaced(cluster, "namespace: shop\nspec", 'namespace: "../x"\nspec') });
  await runCli(["snapshot", "-f", "a.yaml", "--split", "out"], { cwd });
  expect(readdirSync(cwd).sort()).toEqual(["a.yaml", "out"]);
});

test("--split into what is no directory: exit 4", async () => {
  const cwd = workspace({ "a.yaml": cluster, out: "a file" });
  const result = await runCli(["snapshot", "-f", "a.yaml", "--split", "out"], { cwd });
  expect(result).toMatchObject({ code: 4, stdout: "" });
  expect(result.stderr).toContain("cannot write to out: it is a file");
});

test("--redact: the same every time, nothing of the names and addresses, and rules of the same shape", async () => {
  const cwd = workspace({ "a.yaml": cluster });
  const redact = async (...more: readonly string[]) =>
    (await runCli(["snapshot", "-f", "a.yaml", ...more], { cwd })).stdout;
  const [one, again, keyed] = [await redact("--redact"), await redact("--redact"), await redact("--redact-key", "k")];
  expect(again).toBe(one);
  expect(keyed).not.toBe(one);
  expect(one).not.toMatch(/shop|web|node1|10\.96\.0\.10|10\.0\.1\.5|192\.0\.2\.10/);
  expect(one).toContain("nodePort: 30080");
  const lines = async (stdin: string) =>
    (await runCli(["compile", "-f", "-"], { cwd, stdin })).stdout.split("\n").length;
  expect(await lines(one)).toBe(await lines(cluster));
});

test("what cannot be read: exit 3 and nothing written; a cluster that cannot be reached: exit 4", async () => {
  const cwd = workspace({ "a.yaml": "a: [", config: kubeconfig({ server: "http://127.0.0.1:1" }) });
  expect(await runCli(["snapshot", "-f", "a.yaml"], { cwd })).toMatchObject({ code: 3, stdout: "" });
  const live = await runCli(["snapshot", "--live", "--kubeconfig", "config"], { cwd });
  expect(live).toMatchObject({ code: 4, stdout: "" });
});
