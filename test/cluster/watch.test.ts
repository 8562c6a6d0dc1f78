import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { churnedAddress, churnedService, churnedSlice } from "../harness/churned-services.ts";
import { type RunningWatch, runWatch, shortTimes, type WatchChoices } from "../harness/run-watch.ts";
import { skipFor } from "../harness/skip.ts";
import { patientProxy } from "./patient-proxy.ts";
import { create, fillShop, planOf, replace, store, webSlice } from "./shop.ts";
import { shopPlane } from "./shop-plane.ts";

const reason = whyNoCluster();

const times = { ...shortTimes, answer: 5000 };

// In this order: versions must have come far before the wipe.
describe.sequential("a watch of a real API server", skipFor(reason), () => {
  const { plane } = shopPlane();

  /** A watch that has brought its host in step. */
  const inStep = async (choices: WatchChoices = {}): Promise<RunningWatch> => {
    const watch = runWatch({ kubeconfig: plane().kubeconfig("admin") }, { times, limit: 40_000, ...choices });
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
    return watch;
  };
  const follows = async (watch: RunningWatch, address: string): Promise<void> => {
    await store(plane(), webSlice(address));
    await watch.until(() => watch.rules().includes(`${address}:8080`), `${address} in the rules`);
  };

  test("a thousand changes at once: all of them arrive, in few syncs", async () => {
    const [services, changes, least] = [100, 1000, 200];
    const numbers = Array.from({ length: services }, (_, index) => index);
    await inLanes(numbers, async (index) => {
      await create(plane(), churnedService(index));
      await create(plane(), churnedSlice(index, 0));
    });
    const watch = await inStep({ periods: { least, full: 600_000, retry: { first: 5, most: 40 } } });
    const began = performance.now();
    await inLanes(numbers, async (index) => {
      for (let turn = 1; turn <= changes / services; turn++) await replace(plane(), churnedSlice(index, turn));
    });
    const wanted = numbers.map((index) => `--to-destination ${churnedAddress(index, changes / services)}:`);
    await watch.until(() => wanted.every((one) => watch.rules().includes(one)), "the last of each");
    const most = Math.ceil((performance.now() - began) / least) + 1;
    expect(watch.count("synced") - 1).toBeLessThanOrEqual(most);
    expect(most).toBeLessThan(200);
    expect(watch.count("sync failed") + watch.count("listing again")).toBe(0);
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });

  test("outlives one that is killed and started again: nothing is listed anew, and nothing taken away", async () => {
    const watch = await inStep();
    const gaps = gapsOf(watch);
    await plane().kill();
    try {
      await watch.until(() => hasTold(watch, /connection refused/), "failures");
    } finally {
      await plane().restart();
    }
    await follows(watch, "10.0.1.91");
    expect(gaps).toEqual([]);
    expect(watch.count("sync failed")).toBe(0);
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });

  test("outlives one that says nothing for a while", async () => {
    const watch = await inStep({ times: { ...times, answer: 500, silence: 700 } });
    const gaps = gapsOf(watch);
    plane().freeze();
    try {
      await watch.until(() => hasTold(watch, /no response within/), "failures");
      // A change that is asked for while nobody answers.
      const changed = store(plane(), webSlice("10.0.1.92"));
      await sleep(300);
      plane().thaw();
      await changed;
    } finally {
      plane().thaw();
    }
    await watch.until(() => watch.rules().includes("10.0.1.92:8080"), "the change of meanwhile");
    expect(relists(watch)).toContain("no data for 0.7 s");
    await follows(watch, "10.0.1.93");
    expect(gaps).toEqual([]);
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });

  test("of an etcd that was wiped takes what it has now: nothing, then what is filled in", async () => {
    const watch = await inStep();
    await plane().wipe();
    await watch.until(() => !watch.rules().includes("shop/web"), "no Service");
    expect(relists(watch)[0]).toMatch(/^versions went back, from \d+ to \d+$/);
    expect(watch.rules()).toContain("KUBE-SERVICES");
    await watch.until(() => watch.entries.some(({ code }) => code === "node-absent"), "a warning");
    await fillShop(plane());
    await follows(watch, "10.0.1.94");
    expect(watch.rules()).not.toContain("shop/s1");
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });

  test("finds out that an etcd was wiped where it never saw the API server away: the watches are silent", async () => {
    // Versions must have come further than those of an API server that has just begun.
    const turns = Array.from({ length: 400 }, (_, turn) => turn % 200);
    await inLanes(turns, (turn) => replace(plane(), webSlice(`10.0.2.${turn}`)));
    const proxy = await patientProxy(Number(new URL(plane().server).port));
    const kubeconfig = plane().kubeconfig("admin").replace(plane().server, `https://127.0.0.1:${proxy.port}`);
    // The server ends each watch after a second, and who asks for the next one waits until there is a server again.
    const changing = { ...times, answer: 40_000, length: 1000 };
    const watch = runWatch({ kubeconfig }, { times: changing, limit: 40_000 });
    await watch.until(() => watch.count("synced") === 1, "the first sync");
    proxy.hold();
    await watch.until(() => proxy.open() === 0, "the end of all watches");
    await plane().wipe();
    Object.assign(changing, { silence: 700, length: 60_000 });
    proxy.release();
    await watch.until(() => !watch.rules().includes("shop/web"), "no Service");
    expect(relists(watch)[0]).toBe("no data for 0.7 s");
    expect(watch.count("cannot watch")).toBe(0);
    Object.assign(changing, { silence: 60_000 });
    await fillShop(plane());
    await follows(watch, "10.0.1.95");
    expect(await planOf(plane(), watch.host)).toMatchObject({ code: 0 });
  });
});

/** Changes of the host after which shop/web, which is always there, was not. */
function gapsOf(watch: RunningWatch): readonly string[] {
  const gaps: string[] = [];
  watch.host.observe = () => {
    const rules = watch.rules();
    const isWhole = rules.includes("-d 10.96.0.10/32") && /--to-destination 10\.0\.1\.\d+:8080/.test(rules);
    if (!isWhole) gaps.push(rules);
  };
  return gaps;
}

function relists({ entries }: RunningWatch): readonly unknown[] {
  return entries.filter(({ msg }) => msg === "listing again").map(({ error }) => error);
}

function hasTold({ entries }: RunningWatch, message: RegExp): boolean {
  return entries.some(({ error }) => message.test(String(error)));
}

/** Ten at a time. */
async function inLanes(numbers: readonly number[], act: (number: number) => Promise<void>): Promise<void> {
  const left = [...numbers];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: 10 }, lane));
}
