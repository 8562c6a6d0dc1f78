import { describe, expect, test } from "vitest";
import { send, sendStatus } from "../../harness/fake-api.ts";
import { type RunningWatch, runWatch, shortTimes } from "../../harness/run-watch.ts";
import { type Intercept, watchApi } from "../../harness/watch-api.ts";
import { followsTo, inStep, objectOf, objects, sliceTo } from "./in-step.ts";

const slice = objectOf("EndpointSlice");

const relists = ({ entries }: RunningWatch): readonly unknown[] =>
  entries.filter(({ msg }) => msg === "listing again").map(({ error }) => error);

describe("a watch outlives", () => {
  test("an API server that is restarted: what changed meanwhile arrives, and nothing is listed again", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    await api.stop();
    // A busy machine may have been too slow for an answer before.
    const [failed, again] = [watch.count("cannot watch"), watch.count("watching again")];
    await watch.until(() => watch.count("cannot watch") >= failed + 8, "failures");
    api.put(sliceTo("10.0.1.90"));
    await api.start();
    await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the change of meanwhile");
    expect(watch.count("listed")).toBe(4);
    await watch.until(() => watch.count("watching again") === again + 4, "word of it, once of each kind");
    await followsTo(situation, "10.0.1.91");
  });

  test("one that is not there when it begins", async () => {
    const api = await watchApi(objects);
    await api.stop();
    const watch = runWatch(api);
    await watch.until(() => watch.count("cannot watch") >= 4, "failures");
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

  test.each([400, 504])(
    "a version from which the server does not watch: status %d lists again at once",
    async (code) => {
      const situation = await inStep();
      const { api, watch } = situation;
      let refusals = 1;
      api.intercept((url, response) => {
        if (url.searchParams.get("watch") !== "true" || refusals === 0) return false;
        refusals -= 1;
        sendStatus(response, code, "Timeout: Too large resource version");
        return true;
      });
      api.endWatches();
      await watch.until(() => watch.count("listed") === 5, "a new list");
      expect(relists(watch).join("\n")).toContain(`the server cannot watch from this version: status ${code}`);
      await followsTo(situation, "10.0.1.90");
    },
  );

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
    expect(relists(watch)[0]).toMatch(/no data for 0.15 s/);
  });

  test("a server that hangs, in lists and in watches", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.intercept(() => true);
    api.cut();
    await watch.until(() => watch.count("cannot watch") >= 9, "failures");
    expect(watch.entries.some(({ error }) => /no response within 0.3 s/.test(String(error)))).toBe(true);
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
    await watch.until(() => watch.count("cannot watch") >= 4, "failures");
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
    await watch.until(() => watch.count("listing again") === 1, "a new list");
    expect(relists(watch)[0]).toBe("versions went back, from 1000 to 3");
    await followsTo(situation, "10.0.1.90");
  });

  test("half a line at the end of a stream", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.say("EndpointSlice", '{"type": "MODIFIED", "object": {"metadata": {"name": "we');
    api.cut();
    await watch.until(() => watch.count("cannot watch") >= 1 && api.watches() === 4, "new watches");
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
    expect(watch.count("listing again")).toBe(0);
  });

  test.each(["garbage\n", '{"type": "MODIFIED"}\n', '{"type": "MODIFIED", "object": {"metadata": {}}}\n', "[]\n"])(
    "a line that is no event: %j",
    async (line) => {
      const situation = await inStep();
      situation.api.say("EndpointSlice", line);
      await situation.watch.until(() => situation.watch.count("listing again") === 1, "a new list");
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
});

test("a server that is restarted all the time is not asked all the time", async () => {
  const { api, watch } = await inStep();
  await api.stop();
  await watch.until(() => watch.count("cannot watch") >= 20, "failures");
  const waits = watch.entries.filter(({ msg }) => msg === "cannot watch").map((entry) => entry.retryInMilliseconds);
  expect(Math.max(...waits.map(Number))).toBeGreaterThan(25);
  expect(Math.max(...waits.map(Number))).toBeLessThanOrEqual(40);
});

test("a server whose trouble only mentions a refusal is asked again", async () => {
  const api = await watchApi(objects);
  api.intercept((_, response) => {
    sendStatus(response, 500, "an admission proxy got 401 Unauthorized");
    return true;
  });
  const watch = runWatch(api);
  await watch.until(() => watch.count("cannot watch") >= 5, "failures");
  expect(watch.count("hopeless")).toBe(0);
  api.intercept(undefined);
  await watch.until(() => watch.count("synced") === 1, "the first sync");
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
  await watch.until(() => watch.count("cannot watch") >= 1, "a failure");
  api.intercept(undefined);
  await followsTo(situation, "10.0.1.90");
  expect(watch.rules()).toContain("shop/web");
});

describe("a server that is too busy is asked again when it says, not before", () => {
  const busy = (isBusy: (url: URL) => boolean): Intercept => {
    return (url, response) => {
      if (!isBusy(url)) return false;
      response.setHeader("retry-after", "1");
      sendStatus(response, 429, "too many requests");
      return true;
    };
  };
  const isWatch = (url: URL) => url.searchParams.get("watch") === "true";

  test("to watch", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    const asked: number[] = [];
    api.intercept(
      busy((url) => {
        if (!url.pathname.endsWith("/services") || !isWatch(url)) return false;
        asked.push(performance.now());
        return asked.length < 3;
      }),
    );
    api.cut();
    await watch.until(() => asked.length === 3 && api.watches() === 4, "watches");
    for (const [index, at] of asked.slice(1).entries()) expect(at - (asked[index] ?? 0)).toBeGreaterThan(950);
    expect(watch.entries.some(({ error }) => /too busy to watch services \(429\)/.test(String(error)))).toBe(true);
    await followsTo(situation, "10.0.1.90");
  });

  test("to list, and a watch that ends meanwhile does not wait for it", async () => {
    const api = await watchApi(objects);
    const asked: number[] = [];
    api.intercept(
      busy((url) => {
        if (!url.pathname.endsWith("/services") || isWatch(url)) return false;
        asked.push(performance.now());
        return true;
      }),
    );
    const watch = runWatch(api);
    await watch.until(() => asked.length === 5, "five tries");
    for (const [index, at] of asked.slice(1).entries()) expect(at - (asked[index] ?? 0)).toBeGreaterThan(950);
    const began = performance.now();
    await watch.stop();
    expect(performance.now() - began).toBeLessThan(500);
  });
});
