import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { healthOf, isEligible, withoutTrouble, withTrouble } from "../../../src/follow/health.ts";
import {
  addPending,
  createPending,
  nextSync,
  type SyncHistory,
  takePending,
  waitAfter,
} from "../../../src/follow/next-sync.ts";
import { compareList, compareObject, createMirror, forgetContents } from "../../../src/follow/resource-cache.ts";
import { createLineSplitter, isOlder, parseWatchEvent, triggerTimeOf } from "../../../src/follow/watch-event.ts";

test("lines come out whole wherever a stream is cut", () => {
  const lines = fc.array(fc.string({ unit: "grapheme" }).map((text) => `x${text.replaceAll("\n", "")}`));
  fc.assert(
    fc.property(lines, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (texts, sizes) => {
      const bytes = new TextEncoder().encode(texts.map((text) => `${text}\n`).join(""));
      const splitter = createLineSplitter();
      const found: string[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] as number;
        found.push(...splitter.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(found).toEqual(texts);
      expect(splitter.isInside()).toBe(false);
    }),
  );
});

test("any line is some event, and none throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      expect(parseWatchEvent(line).kind).toBeTypeOf("string");
    }),
  );
});

test.each([
  ["9", "10", true],
  ["10", "9", false],
  ["99999999999999999998", "99999999999999999999", true],
  ["7", "7", false],
  ["", "7", false],
  ["abc", "7", false],
])("version %s is older than %s: %s", (version, than, expected) => {
  expect(isOlder(version, than)).toBe(expected);
});

const service = (name: string, port: number, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace: "shop", name, ...more },
  spec: { clusterIP: "10.96.0.1", ports: [{ port }] },
});

describe("a mirror", () => {
  test("says what a list changes, by content and not by version", () => {
    const mirror = createMirror("Service");
    const first = compareList(mirror, [service("a", 1), service("b", 1)]);
    expect(first.upsert).toHaveLength(2);
    first.commit();
    const second = compareList(mirror, [service("a", 1, { resourceVersion: "9" }), service("c", 1)]);
    expect(second.upsert.map((object) => (object.metadata as { name: string }).name)).toEqual(["c"]);
    expect(second.remove).toEqual([{ kind: "Service", namespace: "shop", name: "b" }]);
  });

  test("knows nothing of what was not committed", () => {
    const mirror = createMirror("Service");
    compareObject(mirror, service("a", 1), false);
    expect(compareObject(mirror, service("a", 1), false).upsert).toHaveLength(1);
  });

  test("passes over events that change nothing that matters, and removals of what it never had", () => {
    const mirror = createMirror("Service");
    compareObject(mirror, service("a", 1), false).commit();
    const same = compareObject(mirror, service("a", 1, { annotations: { note: "x" }, resourceVersion: "5" }), false);
    expect(same.upsert).toEqual([]);
    expect(compareObject(mirror, service("z", 1), true).remove).toEqual([]);
  });

  test("gives everything again once it is told to forget, and still what went away meanwhile", () => {
    const mirror = createMirror("Service");
    compareList(mirror, [service("a", 1), service("b", 1)]).commit();
    forgetContents(mirror);
    const again = compareList(mirror, [service("a", 1)]);
    expect(again.upsert).toHaveLength(1);
    expect(again.remove).toHaveLength(1);
  });

  test("comes to the same by lists and by events", () => {
    const state = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 1, max: 3 })), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(state, state, (before, after) => {
        const objects = (list: readonly (readonly [string, number])[]) =>
          list.map(([name, port]) => service(name, port));
        const byList = createMirror("Service");
        compareList(byList, objects(before)).commit();
        const difference = compareList(byList, objects(after));
        difference.commit();
        const byEvents = createMirror("Service");
        compareList(byEvents, objects(before)).commit();
        const changed: unknown[] = [];
        for (const object of objects(after)) {
          const one = compareObject(byEvents, object, false);
          changed.push(...one.upsert);
          one.commit();
        }
        for (const [name] of before) {
          if (after.some(([other]) => other === name)) continue;
          compareObject(byEvents, service(name, 1), true).commit();
        }
        expect(new Map([...byEvents.prints].sort())).toEqual(new Map([...byList.prints].sort()));
        expect(changed).toEqual(difference.upsert);
      }),
    );
  });
});

test("what waits is the last of each object", () => {
  const pending = createPending();
  addPending(pending, { upsert: [service("a", 1), service("b", 1)] });
  addPending(pending, { upsert: [service("a", 2)], remove: [{ kind: "Service", namespace: "shop", name: "b" }] });
  expect(takePending(pending)).toEqual({
    upsert: [service("a", 2)],
    remove: [{ kind: "Service", namespace: "shop", name: "b" }],
  });
  expect(takePending(pending)).toEqual({ upsert: [], remove: [] });
  addPending(pending, { remove: [{ kind: "Service", namespace: "shop", name: "a" }] });
  addPending(pending, { upsert: [service("a", 3)] });
  expect(takePending(pending)).toEqual({ upsert: [service("a", 3)], remove: [] });
});

test("waits double up to the longest, give or take a fifth", () => {
  const backoff = { first: 250, most: 30_000 };
  expect([1, 2, 3, 8, 9, 5000].map((failures) => waitAfter(failures, backoff, 0.5))).toEqual([
    250, 500, 1000, 30_000, 30_000, 30_000,
  ]);
  expect(waitAfter(1, backoff, 0)).toBe(200);
  expect(waitAfter(1, backoff, 1)).toBe(300);
});

describe("the next sync", () => {
  const periods = { least: 1000, full: 30_000, retry: { first: 1000, most: 30_000 } };
  const calm: SyncHistory = { queuedAt: undefined, startedAt: 100, endedAt: 200, checkedAt: 200, failures: 0 };

  test("is the periodic check where nothing has changed", () => {
    expect(nextSync(calm, periods)).toEqual({ at: 30_200, isFull: true });
  });

  test("takes changes as soon as the least period is over", () => {
    expect(nextSync({ ...calm, queuedAt: 300 }, periods)).toEqual({ at: 1100, isFull: false });
    expect(nextSync({ ...calm, queuedAt: 9000 }, periods)).toEqual({ at: 9000, isFull: false });
  });

  test("is not put off for ever by changes", () => {
    expect(nextSync({ ...calm, queuedAt: 40_000, startedAt: 39_500 }, periods)).toEqual({ at: 40_500, isFull: true });
  });

  test("reads the host after a failure, later and later", () => {
    expect(nextSync({ ...calm, failures: 1 }, periods)).toEqual({ at: 1200, isFull: true });
    expect(nextSync({ ...calm, failures: 3, queuedAt: 300 }, periods)).toEqual({ at: 4200, isFull: true });
  });
});

describe("health", () => {
  const clock = { now: 100_000, patience: 60_000, text: (time: number) => `${time}` };
  const good = {
    queuedAt: undefined,
    syncedAt: 50_000,
    isEligible: true,
    families: ["ipv4"],
    troubles: new Map(),
  } as const;
  const bodyOf = (healthy: boolean) => ({
    currentTime: "100000",
    healthy,
    status: { IPv4: { lastUpdated: "50000", healthy } },
  });

  test("is good while no change has waited too long", () => {
    const body = { ...bodyOf(true), lastUpdated: "100000", nodeEligible: true };
    expect(healthOf(good, "healthz", clock)).toEqual({ status: 200, body });
    expect(healthOf({ ...good, queuedAt: 50_000 }, "healthz", clock).status).toBe(200);
  });

  test("is bad once one has", () => {
    const answer = healthOf({ ...good, queuedAt: 40_000 }, "livez", clock);
    expect(answer).toEqual({ status: 503, body: { ...bodyOf(false), lastUpdated: "50000" } });
  });

  test("of a node that goes is bad for load balancers alone", () => {
    expect(healthOf({ ...good, isEligible: false }, "healthz", clock).status).toBe(503);
    expect(healthOf({ ...good, isEligible: false }, "livez", clock).status).toBe(200);
  });

  test("is bad for load balancers while a kind cannot be followed, with the reason", () => {
    const failing = withTrouble(good, "services", "the list does not end", 30_000);
    const answer = healthOf(failing, "healthz", clock);
    expect(answer).toMatchObject({
      status: 503,
      body: { reason: "services cannot be followed: the list does not end", healthy: true, lastUpdated: "50000" },
    });
    expect(healthOf(failing, "livez", clock).status).toBe(200);
    expect(healthOf(withTrouble(good, "services", "x", 50_000), "healthz", clock).status).toBe(200);
    expect(healthOf(withoutTrouble(failing, "services", 99_000), "healthz", clock).status).toBe(200);
    expect(healthOf(withoutTrouble(good, "services", 99_000), "healthz", clock).status).toBe(200);
  });

  test("is bad when every watch fails as soon as it has begun", () => {
    let history = withTrouble(good, "services", "an error", 10_000);
    for (const at of [20_000, 50_000, 90_000]) {
      history = withTrouble(withoutTrouble(history, "services", at), "services", "an error", at + 100);
    }
    expect(healthOf(history, "healthz", clock).status).toBe(503);
    const later = withTrouble(withoutTrouble(good, "services", 10_000), "services", "x", 10_100);
    expect(
      healthOf(withTrouble(withoutTrouble(later, "services", 20_000), "services", "x", 90_000), "healthz", clock)
        .status,
    ).toBe(200);
  });

  test("is good before the first sync, however long that takes, as kube-proxy's is", () => {
    const starting = { ...good, queuedAt: 1, syncedAt: undefined };
    const body = { lastUpdated: "100000", currentTime: "100000", healthy: true };
    expect(healthOf(starting, "livez", clock)).toEqual({ status: 200, body });
    expect(healthOf(starting, "healthz", clock).status).toBe(200);
  });
});

test("a node is not eligible when it is about to go", () => {
  expect(isEligible({ metadata: { name: "a" }, spec: { taints: [{ key: "x" }] } })).toBe(true);
  expect(isEligible({ spec: { taints: [{ key: "ToBeDeletedByClusterAutoscaler" }] } })).toBe(false);
  expect(isEligible({ metadata: { deletionTimestamp: "2026-11-01T08:00:00Z" } })).toBe(false);
});

test("an EndpointSlice says when its change happened", () => {
  const annotations = { "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-01T08:00:00Z" };
  expect(triggerTimeOf({ metadata: { annotations } })).toBe("2026-11-01T08:00:00Z");
  expect(triggerTimeOf({ metadata: {} })).toBeUndefined();
});
