import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import {
  churnedAddress,
  churnedService,
  churnedSlice,
  outlineOf,
  usedMegabytes,
} from "../../harness/churned-services.ts";
import { cluster } from "../../harness/cluster-text.ts";
import { runWatch } from "../../harness/run-watch.ts";
import { stored } from "../../harness/stored-objects.ts";
import { watchApi } from "../../harness/watch-api.ts";

/** `npm run soak` is the long one, and looks at memory. */
const events = Number(process.env.SOAK ?? 4000);
const services = 50;
const batch = 500;

test(`${events} events: few syncs, the right end, no growth`, { timeout: 1_200_000 }, async () => {
  const all = Array.from({ length: services }, (_, index) => [churnedService(index), churnedSlice(index, 0)]).flat();
  const api = await watchApi([...stored(cluster), ...all]);
  const watch = runWatch(api, { periods: { least: 50, full: 5000, retry: { first: 5, most: 40 } } });
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
  const curve: number[] = [];
  for (let turn = 1; turn <= events / batch; turn++) {
    for (let count = 0; count < batch; count++) api.put(churnedSlice(count % services, turn * batch + count));
    const last = churnedAddress((batch - 1) % services, turn * batch + batch - 1);
    await watch.until(() => watch.rules().includes(`${last}:`), "the end of a batch");
    // The log of the test itself would grow.
    watch.entries.splice(0, watch.entries.length - 5);
    watch.steps.length = 0;
    // Every connection is lost now and then.
    if (turn % 4 === 0) {
      api.cut();
      await watch.until(() => api.watches() === 4, "watches");
    }
    curve.push(usedMegabytes());
  }
  console.log(`heap in MB: ${outlineOf(curve)}`);
  const half = curve.slice(Math.floor(curve.length / 2));
  if (globalThis.gc !== undefined) expect(Math.max(...half) - Math.min(...half)).toBeLessThan(20);
  expect(getEventListeners(watch.signal, "abort").length).toBeLessThan(30);
  expect(watch.entries.filter(({ msg }) => msg === "sync failed" || msg.includes("bug"))).toEqual([]);
});
