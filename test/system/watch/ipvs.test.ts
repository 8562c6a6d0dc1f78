import { describe, expect, test } from "vitest";
import { collectedDocument, printDocument } from "../../../src/reconcile/live/collected-document.ts";

import { runCli, workspace } from "../../harness/run-cli.ts";
import { type RunningWatch, runWatch, type WatchChoices } from "../../harness/run-watch.ts";
import { proxyConfigMap } from "../../harness/stored-objects.ts";
import { type WatchApi, watchApi } from "../../harness/watch-api.ts";
import { objects, sliceTo } from "./in-step.ts";

const head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
const configured = (mode: string) => proxyConfigMap(`${head}mode: ${mode}\n`);

describe.each([
  ["the cluster's configuration", [configured("ipvs")], {}],
  ["--proxy-config", [], { proxyConfig: { ...configuration(), mode: "ipvs" } }],
  ["--mode over the configuration", [configured("iptables")], { mode: "ipvs" }],
] as const)("in ipvs mode, by %s", (_, extra, choices: WatchChoices) => {
  test("the host follows endpoints and Services as they come and go", async () => {
    const api = await watchApi([...objects, ...extra]);
    const watch = runWatch(api, choices);
    const mode = ["--mode", "ipvs"];
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    expect(realServers(watch)).toEqual(["10.0.1.5:8080"]);
    expect(await planOf(api, watch, mode)).toMatchObject({ code: 0 });
    const slice = sliceTo("10.0.1.5");
    const both = ["10.0.1.5", "10.0.1.6"].map((address) => ({ addresses: [address], nodeName: "node1" }));
    api.put({ ...slice, endpoints: both });
    await watch.until(() => realServers(watch).length === 2, "another endpoint");
    api.put(sliceTo("10.0.1.6"));
    await watch.until(() => realServers(watch).join() === "10.0.1.6:8080", "an endpoint less");
    expect(watch.entries.at(-1)).toMatchObject({ msg: "synced", full: false });
    expect(await planOf(api, watch, mode)).toMatchObject({ code: 0 });
    api.remove("Service", "web");
    await watch.until(() => watch.host.servers.size === 0, "no virtual server");
    await watch.until(() => watch.entries.at(-1)?.msg === "synced", "the end of a sync");
    expect([...(watch.host.addresses ?? [])]).toEqual([]);
    expect(await planOf(api, watch, mode)).toMatchObject({ code: 0 });
    expect(watch.count("sync failed")).toBe(0);
  });
});

test("the mode may be switched under a watch, there and back: nothing of the other is left", async () => {
  const api = await watchApi([...objects, configured("iptables")]);
  const watch = runWatch(api);
  await watch.until(() => watch.count("synced") === 1, "the first sync");
  expect(watch.rules()).toContain("--to-destination 10.0.1.5:8080");
  api.put(configured("ipvs"));
  await watch.until(() => watch.host.servers.size > 0 && watch.count("synced") === 2, "virtual servers");
  expect(watch.rules()).not.toContain("KUBE-SVC-");
  expect(await planOf(api, watch, ["--mode", "ipvs"])).toMatchObject({ code: 0 });
  api.put(sliceTo("10.0.1.6"));
  await watch.until(() => realServers(watch).includes("10.0.1.6:8080"), "an endpoint");
  api.put(configured("iptables"));
  await watch.until(() => watch.rules().includes("--to-destination 10.0.1.6:8080"), "rules");
  await watch.until(() => watch.entries.at(-1)?.msg === "synced", "the end of a sync");
  expect({ servers: watch.host.servers.size, addresses: watch.host.addresses }).toEqual({ servers: 0 });
  expect(await planOf(api, watch, ["--mode", "iptables"])).toMatchObject({ code: 0 });
  expect(watch.count("sync failed")).toBe(0);
});

function configuration(): object {
  return { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration" };
}

function realServers({ host }: RunningWatch): readonly string[] {
  const all = [...host.servers.values()].flatMap(({ realServers: ones }) => [...ones.keys()]);
  return [...new Set(all)].sort();
}

/** What a fresh `plan` makes of the host and of what the API server holds now: 0 when there is nothing to do. */
function planOf(api: WatchApi, { host }: RunningWatch, flags: readonly string[]) {
  const items = api.objects().filter(({ kind }) => kind !== "ConfigMap");
  const cwd = workspace({
    "all.json": JSON.stringify({ apiVersion: "v1", kind: "List", items }),
    dump: printDocument(collectedDocument(host.dump())),
  });
  return runCli(["plan", "-f", "all.json", "--node", "node1", "--actual", "dump", ...flags], { cwd });
}
