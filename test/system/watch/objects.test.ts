import { describe, expect, test } from "vitest";
import { runWatch } from "../../harness/run-watch.ts";
import { watchApi } from "../../harness/watch-api.ts";
import { followsTo, inStep, objectOf, objects, sliceTo } from "./in-step.ts";

const slice = objectOf("EndpointSlice");

describe("objects", () => {
  test("with errors are told of, and their last good state stays", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.put({ ...slice, endpoints: [{ addresses: ["10.0.1.999"] }] });
    await watch.until(() => watch.entries.some(({ code }) => code === "last-valid-state-kept"), "a warning");
    await watch.until(() => watch.count("synced") === 2, "a sync");
    expect(watch.rules()).toContain("10.0.1.5:8080");
    await followsTo(situation, "10.0.1.90");
  });

  test("of which only heartbeats change make no sync", async () => {
    const { api, watch } = await inStep();
    const node = objectOf("Node");
    for (let beat = 0; beat < 5; beat++) {
      const status = { ...(node.status as object), conditions: [{ type: "Ready", lastHeartbeatTime: String(beat) }] };
      api.put({ ...node, status });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(watch.count("synced")).toBe(1);
  });

  test("that change a thousand times are synced a few times", async () => {
    const situation = await inStep({ periods: { least: 100, full: 60_000, retry: { first: 5, most: 40 } } });
    const { api, watch } = situation;
    for (let index = 0; index < 1000; index++) api.put(sliceTo(`10.0.${index % 200}.7`));
    await followsTo(situation, "10.1.1.1");
    expect(watch.count("synced")).toBeLessThan(8);
  });

  test("may be the configuration, also one that cannot be read", async () => {
    const { api, watch } = await inStep();
    const metadata = { name: "kube-proxy", namespace: "kube-system" };
    const kept = (text: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "config.conf": text } });
    const head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    api.put(kept(`${head}iptables: {masqueradeAll: true}\n`));
    await watch.until(() => watch.count("synced") === 2, "the configuration");
    expect(watch.rules()).toMatch(/-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/);
    api.put(kept("a: [\n"));
    await watch.until(() => watch.count("the configuration of kube-proxy is invalid and ignored") === 1, "a warning");
    expect(watch.rules()).toMatch(/-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/);
    api.remove("ConfigMap", "kube-proxy");
    await watch.until(() => !/-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/.test(watch.rules()), "the default");
  });
});

describe("a configuration that cannot be read from the beginning", () => {
  const metadata = { name: "kube-proxy", namespace: "kube-system" };
  const broken = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "config.conf": "a: [\n" } };
  const isWaiting = ({ msg }: { readonly msg: string }) => msg.startsWith("waiting");

  test("has nothing written, whatever else changes", async () => {
    const api = await watchApi([...objects, broken]);
    const watch = runWatch(api);
    await watch.until(() => watch.entries.some(isWaiting), "a warning");
    api.put(sliceTo("10.0.1.90"));
    await watch.until(() => watch.entries.filter(isWaiting).length === 2, "another warning");
    expect(watch.steps).toEqual([]);
    const good = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    api.put({ ...broken, data: { "config.conf": good } });
    await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the rules");
  });

  test("may go: then there is none", async () => {
    const api = await watchApi([...objects, broken]);
    const watch = runWatch(api);
    await watch.until(() => watch.entries.some(isWaiting), "a warning");
    api.remove("ConfigMap", "kube-proxy");
    await watch.until(() => watch.rules().includes("10.0.1.5:8080"), "the rules");
  });
});

test("without a Node of that name there is a warning, and rules as soon as it comes", async () => {
  const api = await watchApi(objects.filter(({ kind }) => kind !== "Node"));
  const other = { ...objectOf("Node"), metadata: { name: "node2" } };
  api.put(other);
  const watch = runWatch(api);
  await watch.until(() => watch.entries.some(({ msg }) => msg.startsWith("waiting")), "a warning");
  expect(watch.steps).toEqual([]);
  api.put(objectOf("Node"));
  await watch.until(() => watch.count("synced") === 1, "a sync");
});
