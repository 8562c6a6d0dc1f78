import { expect, test } from "vitest";
import { cluster } from "../../harness/cluster-text.ts";
import { sendStatus } from "../../harness/fake-api.ts";
import { runWatch, shortTimes } from "../../harness/run-watch.ts";
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

test.each([
  ["a server that does not know ServiceCIDRs", 404, "info"],
  ["an account that may not read ServiceCIDRs", 403, "warn"],
])("%s does not hold up the rules, and is told once", async (_, status, level) => {
  const api = await watchApi(stored(cluster), { hasServiceCidrs: true });
  api.intercept((url, response) => {
    if (!url.pathname.includes("servicecidrs")) return false;
    sendStatus(response, status, "no");
    return true;
  });
  const watch = runWatch(api, { times: { ...shortTimes, length: 20 } });
  await watch.until(() => watch.count("synced") === 1, "a sync");
  const asked = () => api.asked.filter((path) => path.includes("servicecidrs")).length;
  await watch.until(() => asked() > 2, "more questions");
  const told = watch.entries.filter(({ msg }) => msg === "left out");
  expect(told).toMatchObject([{ level, resource: "servicecidrs.networking.k8s.io" }]);
});

test("ServiceCIDRs that are added and removed change the rules of nftables mode", async () => {
  const api = await watchApi(stored(cluster), { hasServiceCidrs: true });
  const watch = runWatch(api, { mode: "nftables" });
  const dropped = () => watch.host.nftables.list().includes("10.112.0.0/16");
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 5, "the first sync");
  expect(dropped()).toBe(false);
  const networking = { apiVersion: "networking.k8s.io/v1", kind: "ServiceCIDR" };
  api.put({ ...networking, metadata: { name: "more" }, spec: { cidrs: ["10.112.0.0/16"] } });
  await watch.until(dropped, "the rule");
  api.remove("ServiceCIDR", "more");
  await watch.until(() => !dropped(), "no rule");
});
