import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  churnedAddress,
  churnedService,
  churnedSlice,
  churnedVip,
  isSoak,
  outlineOf,
  usedMegabytes,
} from "../../harness/churned-services.ts";
import { cluster } from "../../harness/cluster-text.ts";
import { type RunningWatch, runWatch } from "../../harness/run-watch.ts";
import { stored } from "../../harness/stored-objects.ts";
import { type WatchApi, watchApi } from "../../harness/watch-api.ts";
import { apiFaults } from "./api-faults.ts";

/** `npm run soak` and `npm run soak:all` are the long ones, and look at memory. */
const events = Number(process.env.SOAK ?? 12_000);
const services = 50;
const batch = 500;
const faults = Object.entries(apiFaults);

describe.each(["iptables", "ipvs", "nftables"] as const)("%s mode", (mode) => {
  const title = `${events} events and ${faults.length} kinds of faults: no gap, few syncs, the right end, no growth`;
  test(title, { timeout: 240_000 + events * 10 }, async () => {
    const all = Array.from({ length: services }, (_, index) => [churnedService(index), churnedSlice(index, 0)]).flat();
    const api = await watchApi([...stored(cluster), ...all]);
    const periods = { least: 50, full: 5000, retry: { first: 5, most: 40 } };
    const watch = runWatch(api, { mode, periods, limit: 60_000 });
    await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
    const gaps = watchForGaps(watch);
    const curve: number[] = [];
    const turns = Math.max(events / batch, faults.length);
    for (let turn = 1; turn <= turns; turn++) {
      const [name, fault] = faults[turn % faults.length] as (typeof faults)[number];
      await churn(api, watch, { turn, name, fault });
      curve.push(usedMegabytes());
    }
    console.log(`${mode}: heap in MB: ${outlineOf(curve)}; ${gaps.looks} looks at packets`);
    expect(gaps.found).toEqual([]);
    expect(gaps.looks).toBeGreaterThan(turns);
    const half = curve.slice(Math.floor(curve.length / 2));
    if (isSoak) expect(Math.max(...half) - Math.min(...half)).toBeLessThan(20);
    expect(getEventListeners(watch.signal, "abort").length).toBeLessThan(30);
    expect(gaps.failures).toEqual([]);
  });
});

interface Turn {
  readonly turn: number;
  readonly name: string;
  readonly fault: (typeof faults)[number][1];
}

/** A batch of events with a fault in its middle, while the watch follows; then the host must come to the last of them. */
async function churn(api: WatchApi, watch: RunningWatch, { turn, name, fault }: Turn): Promise<void> {
  const put = (count: number) => api.put(churnedSlice(count % services, turn * batch + count));
  for (let count = 0; count < batch / 2; count++) put(count);
  await watch.until(() => targets(watch).includes(last(turn, batch / 2 - 1)), `the events before ${name}`);
  await watch.until(() => api.watches() === 4, `watches before ${name}`);
  await fault(api);
  for (let count = batch / 2; count < batch; count++) put(count);
  await watch.until(() => targets(watch).includes(last(turn, batch - 1)), `the events after ${name}`);
  api.intercept(undefined);
  // The logs of the test itself would grow.
  watch.steps.length = 0;
  api.asked.length = 0;
  api.headers.length = 0;
}

function last(turn: number, count: number): string {
  return `${churnedAddress(count % services, turn * batch + count)}:8080`;
}

/** What the host's rules or virtual servers lead to. */
function targets({ host }: RunningWatch): string {
  const servers = [...host.servers.values()].flatMap(({ realServers }) => [...realServers.keys()]);
  return `${host.save("ipv4")}${host.nftables.list()}${servers.join(" ")} `;
}

/** After each step on the host a packet to one of the Services must be delivered; and no sync may fail. */
function watchForGaps({ host, entries }: RunningWatch) {
  const gaps = { looks: 0, found: [] as string[], failures: [] as unknown[] };
  host.observe = () => {
    gaps.looks += 1;
    const destination = churnedVip(gaps.looks % services);
    const packet = { entry: "pod", source: "10.0.1.9", destination, port: 80, protocol: "tcp" } as const;
    const verdicts = host.trace(packet).map(({ verdict }) => verdict.kind);
    if (verdicts.some((verdict) => verdict !== "delivered")) gaps.found.push(`${destination}: ${verdicts.join()}`);
    const isBad = ({ msg }: (typeof entries)[number]) => msg === "sync failed" || msg.includes("bug");
    gaps.failures.push(...entries.splice(0, Math.max(entries.length - 5, 0)).filter(isBad));
  };
  return gaps;
}
