import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SimulatedHost } from "../../changes/simulated-host.ts";
import { type StoredObject, send, sendStatus } from "../../host/live/fake-api.ts";
import { stored } from "../../host/live/objects.ts";
import { type WatchApi, watchApi } from "../../host/watch/watch-api.ts";
import { cluster } from "../clusters.ts";
import { type RunningWatch, shortTimes, type WatchChoices, watchHere } from "./watch-here.ts";

const objects = stored(cluster);

function objectOf(kind: string): StoredObject {
  const found = objects.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

const slice = objectOf("EndpointSlice");

function sliceTo(address: string): StoredObject {
  return { ...slice, endpoints: [{ addresses: [address], nodeName: "node1" }] };
}

interface Situation {
  readonly api: WatchApi;
  readonly watch: RunningWatch;
}

/** A watch that has brought its host in step, and waits for events. */
async function inStep(choices: WatchChoices = {}): Promise<Situation> {
  const api = await watchApi(objects);
  const watch = watchHere(api, choices);
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
  return { api, watch };
}

/** Changes the slice and waits until the host has it. */
async function followsTo({ api, watch }: Situation, address: string): Promise<void> {
  api.put(sliceTo(address));
  await watch.until(() => watch.rules().includes(`${address}:8080`), `${address} in the rules`);
}

const relists = ({ entries }: RunningWatch): readonly unknown[] =>
  entries.filter(({ msg }) => msg === "list again").map(({ error }) => error);

describe("a watch outlives", () => {
  test("an API server that is restarted: what changed meanwhile arrives, and nothing is listed again", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    await api.stop();
    await watch.until(() => watch.count("cannot follow") >= 8, "failures");
    api.put(sliceTo("10.0.1.90"));
    await api.start();
    await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the change of meanwhile");
    expect(watch.count("listed")).toBe(4);
    await followsTo(situation, "10.0.1.91");
  });

  test("one that is not there when it begins", async () => {
    const api = await watchApi(objects);
    await api.stop();
    const watch = watchHere(api);
    await watch.until(() => watch.count("cannot follow") >= 4, "failures");
    expect(watch.steps).toEqual([]);
    await api.start();
    await watch.until(() => watch.count("synced") === 1, "the first sync");
  });

  test("410 Gone, within an answer and as one", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    const status = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
    api.say("EndpointSlice", `${JSON.stringify({ type: "ERROR", object: status })}\n`);
    await watch.until(() => watch.count("listed") === 5, "a new list");
    await followsTo(situation, "10.0.1.90");
    let refusals = 2;
    api.intercept((url, response) => {
      if (url.searchParams.get("watch") !== "true" || refusals === 0) return false;
      refusals -= 1;
      sendStatus(response, 410, "Gone");
      return true;
    });
    api.endWatches();
    await watch.until(() => watch.count("listed") === 7, "new lists");
    await followsTo(situation, "10.0.1.91");
  });

  test("a stream that says nothing more", async () => {
    const situation = await inStep({ times: { ...shortTimes, silence: 150 } });
    const { api, watch } = situation;
    api.intercept((url, response) => {
      if (url.searchParams.get("watch") !== "true") return false;
      response.writeHead(200);
      response.flushHeaders();
      return true;
    });
    api.cut();
    api.put(sliceTo("10.0.1.90"));
    await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the change, from a list");
    expect(relists(watch)[0]).toMatch(/nothing came for 0.15 s/);
  });

  test("a server that hangs, in lists and in watches", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.intercept(() => true);
    api.cut();
    await watch.until(() => watch.count("cannot follow") >= 9, "failures");
    expect(watch.entries.some(({ error }) => /no answer within 0.3 s/.test(String(error)))).toBe(true);
    api.intercept(undefined);
    await followsTo(situation, "10.0.1.90");
  });

  test("an etcd that was wiped: silent watches, then other objects at lower versions", async () => {
    const { api, watch } = await inStep({ times: { ...shortTimes, silence: 150 } });
    const other = { ...objectOf("Service"), metadata: { ...objectOf("Service").metadata, name: "other" } };
    api.wipe([objectOf("Node"), { ...other, spec: { clusterIP: "10.96.0.99", ports: [{ port: 80 }] } }], 7);
    await watch.until(() => watch.rules().includes("shop/other"), "the other Service");
    expect(watch.rules()).not.toContain("shop/web");
  });

  test("an etcd that was wiped while the API server was away: found out without waiting for silence", async () => {
    const { api, watch } = await inStep();
    await api.stop();
    await watch.until(() => watch.count("cannot follow") >= 4, "failures");
    api.wipe([objectOf("Node")], 7);
    await api.start();
    await watch.until(() => !watch.rules().includes("shop/web"), "no Service");
    expect(relists(watch)[0]).toBe("versions went back, from 1000 to 7");
  });

  test("versions that go back within a stream", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    const old = { ...slice, metadata: { ...slice.metadata, resourceVersion: "3" } };
    api.say("EndpointSlice", `${JSON.stringify({ type: "MODIFIED", object: old })}\n`);
    await watch.until(() => watch.count("list again") === 1, "a new list");
    expect(relists(watch)[0]).toBe("versions went back, from 1000 to 3");
    await followsTo(situation, "10.0.1.90");
  });

  test("half a line at the end of a stream", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.say("EndpointSlice", '{"type": "MODIFIED", "object": {"metadata": {"name": "we');
    api.cut();
    await watch.until(() => watch.count("cannot follow") >= 1 && api.watches() === 4, "new watches");
    await followsTo(situation, "10.0.1.90");
  });

  test("a line in pieces, a character too", async () => {
    const { api, watch } = await inStep();
    const object = {
      ...sliceTo("10.0.1.90"),
      metadata: {
        ...slice.metadata,
        resourceVersion: "2000",
        labels: {
          ...(slice.metadata.labels as object),
          note: "Länge",
        },
      },
    };
    const line = Buffer.from(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
    const at = line.indexOf(0xc3) + 1;
    api.say("EndpointSlice", line.subarray(0, at));
    await new Promise((resolve) => setTimeout(resolve, 30));
    api.say("EndpointSlice", line.subarray(at));
    await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the change");
    expect(watch.count("list again")).toBe(0);
  });

  test.each(["garbage\n", '{"type": "MODIFIED"}\n', '{"type": "MODIFIED", "object": {"metadata": {}}}\n', "[]\n"])(
    "a line that is no event: %j",
    async (line) => {
      const situation = await inStep();
      situation.api.say("EndpointSlice", line);
      await situation.watch.until(() => situation.watch.count("list again") === 1, "a new list");
      await followsTo(situation, "10.0.1.90");
    },
  );

  test("a page of a list that is cut short", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    let halves = 3;
    api.intercept((url, response) => {
      if (url.searchParams.get("watch") === "true" || halves === 0) return false;
      halves -= 1;
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"kind": "EndpointSliceList", "items": [');
      response.destroy();
      return true;
    });
    api.say("EndpointSlice", "garbage\n");
    await watch.until(() => watch.count("listed") === 5, "a list");
    expect(watch.rules()).toContain("10.0.1.5:8080");
    await followsTo(situation, "10.0.1.90");
  });

  test("a token that is renewed in its file", async () => {
    const file = `/tmp/portolan-token-${process.pid}`;
    writeFileSync(file, "old");
    const api = await watchApi(objects);
    let wanted = "Bearer old";
    api.intercept((_, response, request) => {
      if (request.headers.authorization === wanted) return false;
      sendStatus(response, 401, "Unauthorized");
      return true;
    });
    const watch = watchHere(api, { user: { tokenFile: file } });
    await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
    wanted = "Bearer new";
    api.cut();
    await watch.until(() => watch.count("cannot follow") >= 6, "refusals");
    writeFileSync(file, "new");
    await followsTo({ api, watch }, "10.0.1.90");
  });
});

test("a server that is restarted all the time is not asked all the time", async () => {
  const { api, watch } = await inStep();
  await api.stop();
  await watch.until(() => watch.count("cannot follow") >= 20, "failures");
  const waits = watch.entries.filter(({ msg }) => msg === "cannot follow").map((entry) => entry.retryInMilliseconds);
  expect(Math.max(...waits.map(Number))).toBeGreaterThan(25);
  expect(Math.max(...waits.map(Number))).toBeLessThanOrEqual(40);
});

test("without the rights to list it says so and gives up, before it has begun", async () => {
  const api = await watchApi(objects);
  api.intercept((url, response) => {
    if (!url.pathname.endsWith("/nodes")) return false;
    sendStatus(response, 403, "nodes is forbidden");
    return true;
  });
  const watch = watchHere(api);
  await watch.done;
  expect(watch.entries.at(-1)?.error).toMatch(/it takes the right to list nodes/);
});

describe("objects", () => {
  test("with errors are told of, and their last good state stays", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.put({ ...slice, endpoints: [{ addresses: ["10.0.1.999"] }] });
    await watch.until(() => watch.entries.some(({ code }) => code === "object-kept"), "a warning");
    await watch.until(() => watch.count("synced") === 2, "a sync");
    expect(watch.rules()).toContain("10.0.1.5:8080");
    await followsTo(situation, "10.0.1.90");
  });

  test("of which only heartbeats change make no sync", async () => {
    const { api, watch } = await inStep();
    const node = objectOf("Node");
    for (let beat = 0; beat < 5; beat++) {
      const status = { ...(node.status as object), conditions: [{ type: "Ready", lastHeartbeatTime: String(beat) }] };
      api.put({ ...node, status });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(watch.count("synced")).toBe(1);
  });

  test("that change a thousand times are synced a few times", async () => {
    const situation = await inStep({ periods: { least: 100, full: 60_000, retry: { first: 5, most: 40 } } });
    const { api, watch } = situation;
    for (let index = 0; index < 1000; index++) api.put(sliceTo(`10.0.${index % 200}.7`));
    await followsTo(situation, "10.1.1.1");
    expect(watch.count("synced")).toBeLessThan(8);
  });

  test("may be the configuration, also one that cannot be read", async () => {
    const { api, watch } = await inStep();
    const metadata = { name: "kube-proxy", namespace: "kube-system" };
    const kept = (text: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "config.conf": text } });
    const head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    api.put(kept(`${head}iptables: {masqueradeAll: true}\n`));
    await watch.until(() => watch.count("synced") === 2, "the configuration");
    expect(watch.rules()).toMatch(/-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/);
    api.put(kept("a: [\n"));
    await watch.until(() => watch.count("the configuration of kube-proxy is not taken") === 1, "a warning");
    expect(watch.rules()).toMatch(/-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/);
    api.remove("ConfigMap", "kube-proxy");
    await watch.until(() => !/-d 10.96.0.10\/32 .*--dport 80 -j KUBE-MARK-MASQ/.test(watch.rules()), "the default");
  });
});

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
      if (isLocked) return undefined;
      held += 1;
      return () => {
        held -= 1;
      };
    };
    const watch = watchHere(api, { lock, refusal: () => (isRefused ? "kube-proxy runs here" : undefined) });
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
    const next = watchHere(api, { host: watch.host });
    await next.until(() => next.count("synced") === 1, "the first sync of the next");
    expect(isEmpty).toBe(false);
    expect(next.rules()).toContain("10.0.1.90:8080");
    const third = watchHere(api, { host: next.host });
    await next.stop();
    await third.until(() => third.count("synced") === 1, "the first sync of the third");
    expect(third.steps).toEqual([]);
  });

  test("of which half was done when the watch was killed is brought to the end", async () => {
    let run = 0;
    const killed = new SimulatedHost();
    const api = await watchApi(objects);
    const first = watchHere(api, { host: killed, spoil: () => (run++ > 0 ? "killed" : undefined) });
    await first.until(() => first.count("sync failed") > 0, "a failure");
    await first.stop();
    const next = watchHere(api, { host: killed });
    await next.until(() => next.count("synced") === 1, "a sync");
    expect(next.rules()).toContain("10.0.1.5:8080");
  });
});

test("without a Node of that name there is a warning, and rules as soon as it comes", async () => {
  const api = await watchApi(objects.filter(({ kind }) => kind !== "Node"));
  const other = { ...objectOf("Node"), metadata: { name: "node2" } };
  api.put(other);
  const watch = watchHere(api);
  await watch.until(() => watch.entries.some(({ msg }) => msg.startsWith("waiting")), "a warning");
  expect(watch.steps).toEqual([]);
  api.put(objectOf("Node"));
  await watch.until(() => watch.count("synced") === 1, "a sync");
});

test("a server that sends something else is not believed", async () => {
  const situation = await inStep();
  const { api, watch } = situation;
  api.intercept((url, response) => {
    if (url.searchParams.get("watch") === "true") return false;
    send(response, 200, { kind: "PodList", metadata: { resourceVersion: "9" }, items: [] });
    return true;
  });
  api.say("Service", "garbage\n");
  await watch.until(() => watch.count("cannot follow") >= 1, "a failure");
  api.intercept(undefined);
  await followsTo(situation, "10.0.1.90");
  expect(watch.rules()).toContain("shop/web");
});
