import { setMaxListeners } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Connection } from "../../../../src/host/kube/connect.ts";
import { reflectResource } from "../../../../src/host/kube/reflect-resource.ts";
import type { LeftOut, Trouble } from "../../../../src/host/kube/reflector.ts";
import { watchedResources } from "../../../../src/host/kube/resources.ts";
import type { StoredObject } from "../../../harness/cluster-objects.ts";
import { sendStatus } from "../../../harness/fake-api.ts";
import { type WatchApi, watchApi } from "../../../harness/watch-api.ts";

function service(name: string, port: number): StoredObject {
  const spec = { clusterIP: "10.96.0.1", ports: [{ port }] };
  return { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name }, spec };
}

const times = { answer: 300, silence: 60_000, length: 60_000, grace: 0, apart: 5, retry: { first: 5, most: 40 } };

/** Follows Services, or another kind; `take` may throw. What was taken is kept by name. */
function follow(api: WatchApi, take: (count: number) => void, { kind = "Service", length = times.length } = {}) {
  const taken = new Map<string, unknown>();
  const troubles: Trouble[] = [];
  const leftOut: LeftOut[] = [];
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const target = { kind: "target", context: "", server: api.url(), userName: "", cluster: {}, user: {} } as const;
  const connection: Connection = { kind: "connection", target, options: {}, patience: 300, conceal: (text) => text };
  const resource = watchedResources(false).find((each) => each.kind === kind);
  if (resource === undefined) throw new Error("nothing to follow");
  let count = 0;
  const followed = reflectResource({
    resource,
    credentials: { current: async () => connection, drop: () => {}, conceal: (text) => text },
    times: { ...times, length },
    signal: stop.signal,
    handlers: {
      changed: ({ upsert = [], remove = [] }) => {
        count += 1;
        take(count);
        for (const object of upsert as { metadata: { name: string }; spec: unknown }[]) {
          taken.set(object.metadata.name, object.spec);
        }
        for (const { name } of remove) taken.delete(name);
      },
      seen: () => {},
      listed: () => {},
      leftOut: (reason) => leftOut.push(reason),
      trouble: (trouble) => troubles.push(trouble),
      recovered: () => {},
    },
  });
  onTestFinished(async () => {
    stop.abort();
    await followed.done;
  });
  return { taken, troubles, leftOut, followed };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 1000) throw new Error("it never came to this");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("who throws hears it again, from a list and from an event, a removal too", async () => {
  const api = await watchApi([service("a", 1), service("b", 1)]);
  const bad = new Set([1, 3, 5]);
  const { taken, troubles } = follow(api, (count) => {
    if (bad.has(count)) throw new Error(`call ${count}`);
  });
  await until(() => taken.size === 2 && api.watches() === 1);
  api.put(service("a", 2));
  await until(() => JSON.stringify(taken.get("a")).includes('"port":2') && api.watches() === 1);
  api.remove("Service", "b");
  await until(() => taken.size === 1);
  expect(troubles.map(({ kind, message }) => `${kind} ${message}`)).toEqual(["bug call 1", "bug call 3", "bug call 5"]);
});

test("told to restart, it gives everything once more", async () => {
  const api = await watchApi([service("a", 1)]);
  const { taken, followed } = follow(api, () => {});
  await until(() => taken.size === 1 && api.watches() === 1);
  taken.clear();
  followed.restart();
  await until(() => taken.size === 1);
});

function serviceCidr(name: string, cidr: string): StoredObject {
  return { apiVersion: "networking.k8s.io/v1", kind: "ServiceCIDR", metadata: { name }, spec: { cidrs: [cidr] } };
}

describe("ServiceCIDRs", () => {
  test("are followed as other kinds", async () => {
    const api = await watchApi([serviceCidr("kubernetes", "10.96.0.0/16")], { hasServiceCidrs: true });
    const { taken, leftOut } = follow(api, () => {}, { kind: "ServiceCIDR" });
    await until(() => taken.size === 1 && api.watches() === 1);
    api.put(serviceCidr("more", "10.112.0.0/16"));
    await until(() => JSON.stringify(taken.get("more"))?.includes("10.112.0.0/16") === true);
    api.remove("ServiceCIDR", "more");
    await until(() => taken.size === 1);
    expect(leftOut).toEqual([]);
  });

  test("are none where the server does not know them, until it does", async () => {
    const api = await watchApi([serviceCidr("kubernetes", "10.96.0.0/16")], { hasServiceCidrs: true });
    api.intercept((_, response) => {
      sendStatus(response, 404, "no such kind");
      return true;
    });
    const { taken, troubles, leftOut } = follow(api, () => {}, { kind: "ServiceCIDR", length: 20 });
    await until(() => leftOut.length > 1);
    expect(leftOut.map(({ isForbidden, isKnown }) => [isForbidden, isKnown]).slice(0, 2)).toEqual([
      [false, false],
      [false, true],
    ]);
    api.intercept(undefined);
    await until(() => taken.size === 1);
    expect(troubles).toEqual([]);
  });

  test("that may not be read any more count as they were, and that is said", async () => {
    const api = await watchApi([serviceCidr("kubernetes", "10.96.0.0/16")], { hasServiceCidrs: true });
    const { taken, leftOut } = follow(api, () => {}, { kind: "ServiceCIDR" });
    await until(() => taken.size === 1 && api.watches() === 1);
    api.intercept((_, response) => {
      sendStatus(response, 403, "no");
      return true;
    });
    api.endWatches();
    await until(() => leftOut.length > 0);
    expect(leftOut[0]).toMatchObject({ isForbidden: true, isKnown: false });
    expect(leftOut[0]?.message).toMatch(/^ServiceCIDR objects are not read, so rules of nftables mode do not drop /);
    expect(taken.size).toBe(1);
  });
});
