import { describe, expect, test } from "vitest";
import { runWatch } from "../../harness/run-watch.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import { watchApi } from "../../harness/watch-api.ts";
import { inStep, objects, sliceTo } from "./in-step.ts";

describe("the host", () => {
  test("is repaired by the periodic check when somebody else has changed it", async () => {
    const { watch } = await inStep({ periods: { least: 20, full: 150, retry: { first: 5, most: 40 } } });
    watch.host.tables.ipv4.get("nat")?.get("KUBE-SERVICES")?.splice(0, 1);
    const broken = watch.rules();
    await watch.until(() => watch.rules() !== broken, "a repair");
    expect(watch.rules()).toContain("10.96.0.10/32");
  });

  test("is read anew when a step fails, and the change arrives all the same", async () => {
    let failures = 0;
    let isSpoilt = false;
    const spoil = () => (isSpoilt && failures++ < 3 ? "made to fail" : undefined);
    const { api, watch } = await inStep({ spoil });
    isSpoilt = true;
    api.put(sliceTo("10.0.1.90"));
    await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the change");
    await watch.until(() => watch.count("synced") === 2, "a sync");
    expect(watch.count("sync failed")).toBeGreaterThan(0);
    expect(watch.entries.at(-1)).toMatchObject({ msg: "synced", full: true });
  });

  test("is not touched while somebody else changes it, or while a kube-proxy runs; then it is, and the lock let go", async () => {
    const api = await watchApi(objects);
    let isLocked = true;
    let isRefused = false;
    let held = 0;
    const lock = async () => {
      if (isLocked) return "another process changes this host";
      held += 1;
      return () => {
        held -= 1;
      };
    };
    const watch = runWatch(api, { lock, refusal: () => (isRefused ? "kube-proxy runs here" : undefined) });
    await watch.until(() => watch.count("sync failed") >= 2, "failures");
    isRefused = true;
    isLocked = false;
    const isTold = () => watch.entries.some(({ error }) => error === "kube-proxy runs here");
    await watch.until(isTold, "a refusal");
    expect(watch.steps).toEqual([]);
    isRefused = false;
    await watch.until(() => watch.count("synced") === 1, "a sync");
    expect(held).toBe(0);
  });

  test("is left as it is, and not emptied, while a watch restarts; what changed meanwhile is all that is done", async () => {
    const { api, watch } = await inStep();
    await watch.stop();
    api.put(sliceTo("10.0.1.90"));
    let isEmpty = false;
    watch.host.observe = () => {
      isEmpty ||= !watch.rules().includes("10.96.0.10/32");
    };
    const next = runWatch(api, { host: watch.host });
    await next.until(() => next.count("synced") === 1, "the first sync of the next");
    expect(isEmpty).toBe(false);
    expect(next.rules()).toContain("10.0.1.90:8080");
    const third = runWatch(api, { host: next.host });
    await next.stop();
    await third.until(() => third.count("synced") === 1, "the first sync of the third");
    expect(third.steps).toEqual([]);
  });

  test("of which half was done when the watch was killed is brought to the end", async () => {
    let run = 0;
    const killed = new SimulatedHost();
    const api = await watchApi(objects);
    const first = runWatch(api, { host: killed, spoil: () => (run++ > 0 ? "killed" : undefined) });
    await first.until(() => first.count("sync failed") > 0, "a failure");
    await first.stop();
    const next = runWatch(api, { host: killed });
    await next.until(() => next.count("synced") === 1, "a sync");
    expect(next.rules()).toContain("10.0.1.5:8080");
  });
});
