import { expect, test } from "vitest";
import { cluster } from "../../harness/cluster-text.ts";
import { runWatch } from "../../harness/run-watch.ts";
import { stored } from "../../harness/stored-objects.ts";
import { watchApi } from "../../harness/watch-api.ts";

test("--verify tells of drift and writes nothing", async () => {
  const api = await watchApi(stored(cluster));
  const watch = runWatch(api, { isVerify: true });
  await watch.until(() => watch.count("drift") === 1, "a sync");
  expect(watch.steps).toEqual([]);
  const drift = watch.entries.find(({ msg }) => msg === "drift");
  expect(drift).toMatchObject({ level: "warn", drift: true, full: true });
  expect(JSON.stringify(drift)).toContain("shop/web");
});

test("--verify calls rules of which only the comments differ no drift", async () => {
  const objects = stored(cluster);
  const applied = runWatch(await watchApi(objects));
  await applied.until(() => applied.count("synced") === 1, "a sync");
  await applied.stop();
  const { host } = applied;
  for (const chains of host.tables.ipv4.values()) {
    for (const [chain, rules] of chains) {
      if (!chain.startsWith("KUBE-SEP-")) continue;
      chains.set(
        chain,
        rules.map((rule) => rule.replace(/ -m comment --comment "[^"]*"/, "")),
      );
    }
  }
  const watch = runWatch(await watchApi(objects), { isVerify: true, host });
  await watch.until(() => watch.count("no drift") === 1, "a look at the host");
  expect(watch.count("drift")).toBe(0);
});

test("--apply brings the host to what the cluster says, then keeps it there", async () => {
  const objects = stored(cluster);
  const api = await watchApi(objects);
  const watch = runWatch(api);
  await watch.until(() => watch.count("synced") === 1, "the first sync");
  expect(watch.rules()).toContain("10.0.1.5:8080");
  const before = watch.steps.length;
  await watch.until(() => api.watches() === 4, "watches");
  const slice = objects.find(({ kind }) => kind === "EndpointSlice");
  if (slice === undefined) throw new Error("no slice");
  api.put({ ...slice, endpoints: [{ addresses: ["10.0.1.77"], nodeName: "node1" }] });
  await watch.until(() => watch.count("synced") === 2, "the second sync");
  expect(watch.rules()).toContain("10.0.1.77:8080");
  expect(watch.rules()).not.toContain("10.0.1.5:8080");
  expect(watch.steps.length).toBeGreaterThan(before);
  expect(watch.entries.at(-1)).toMatchObject({ full: false, changes: 1 });
  api.remove("Service", "web");
  await watch.until(() => watch.count("synced") === 3, "the third sync");
  expect(watch.rules()).not.toContain("shop/web");
});
