import { describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";
import {
  churnedAddress,
  churnedService,
  churnedSlice,
  isSoak,
  outlineOf,
  usedMegabytes,
} from "../harness/churned-services.ts";
import { type RunningWatch, runWatch, shortTimes } from "../harness/run-watch.ts";
import { skipFor } from "../harness/skip.ts";
import { create, planOf, replace } from "./shop.ts";
import { shopPlane } from "./shop-plane.ts";

const reason = whyNoCluster();

/** `npm run soak:cluster` is the long one, and looks at memory. */
const events = Number(process.env.SOAK ?? 2000);
const services = 50;
const batch = 1000;
const writers = 10;
const restartEvery = 20_000;

describe("a real API server", skipFor(reason), () => {
  const { plane } = shopPlane();

  test(`${events} events: nothing lost, nothing failed, no growth`, { timeout: 3_600_000 }, async () => {
    for (let index = 0; index < services; index++) {
      await create(plane(), churnedService(index));
      await create(plane(), churnedSlice(index, 0));
    }
    const watch = runWatch(
      { kubeconfig: plane().kubeconfig("admin") },
      {
        times: { ...shortTimes, answer: 10_000 },
        periods: { least: 100, full: 5000, retry: { first: 5, most: 40 } },
        limit: 120_000,
      },
    );
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    const curve: number[] = [];
    const began = performance.now();
    const seen = { synced: 0, "cannot watch": 0, "listing again": 0 };
    for (let sent = 0; sent < events; sent += batch) {
      await writeBatch(plane(), sent);
      await watch.until(() => hasAll(watch, sent), "the end of a batch");
      for (const msg of Object.keys(seen) as (keyof typeof seen)[]) seen[msg] += watch.count(msg);
      expect(watch.entries.filter(({ msg }) => msg === "sync failed" || msg.includes("bug"))).toEqual([]);
      // The log of the test itself would grow.
      watch.entries.length = 0;
      watch.steps.length = 0;
      curve.push(usedMegabytes());
      if ((sent + batch) % restartEvery === 0) {
        await plane().kill();
        await plane().restart();
      }
    }
    const seconds = (performance.now() - began) / 1000;
    console.log(`${events} events in ${Math.round(seconds)} s: ${JSON.stringify(seen)}`);
    console.log(`heap in MB: ${outlineOf(curve)}`);
    const half = curve.slice(Math.floor(curve.length / 2));
    if (isSoak) expect(Math.max(...half) - Math.min(...half)).toBeLessThan(20);
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });
});

/** Each writer has Services of its own: what is written last is known. */
async function writeBatch(plane: ControlPlane, sent: number): Promise<void> {
  const write = async (writer: number): Promise<void> => {
    for (let count = writer; count < batch; count += writers) {
      await replace(plane, churnedSlice(count % services, sent + count));
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
}

function hasAll(watch: RunningWatch, sent: number): boolean {
  const rules = watch.rules();
  return Array.from({ length: services }, (_, index) => churnedAddress(index, sent + batch - services + index)).every(
    (address) => rules.includes(`--to-destination ${address}:`),
  );
}
