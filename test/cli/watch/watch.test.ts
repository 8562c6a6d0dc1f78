import { expect, test } from "vitest";
import { stored } from "../../host/live/objects.ts";
import { watchApi } from "../../host/watch/watch-api.ts";
import { cluster } from "../clusters.ts";
import { watchHere } from "./watch-here.ts";

test("--verify tells of drift and writes nothing", async () => {
  const api = await watchApi(stored(cluster));
  const watch = watchHere(api, { isVerify: true });
  await watch.until(() => watch.count("drift") === 1, "a sync");
  expect(watch.steps).toEqual([]);
  const drift = watch.entries.find(({ msg }) => msg === "drift");
  expect(drift).toMatchObject({ level: "warn", drift: true, full: true });
  expect(JSON.stringify(drift)).toContain("shop/web");
});

test("--apply brings the host to what the cluster says, then keeps it there", async () => {
  const objects = stored(cluster);
  const api = await watchApi(objects);
  const watch = watchHere(api);
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
