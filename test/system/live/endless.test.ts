import type { ServerResponse } from "node:http";
import { getHeapStatistics } from "node:v8";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../../src/host/kube/connect.ts";
import { createRoom, listObjects } from "../../../src/host/kube/list-objects.ts";
import { resourcesFor } from "../../../src/host/kube/resources.ts";
import { type FakeApiOptions, fakeApi, send } from "../../harness/fake-api.ts";
import { readFrom } from "../../harness/read-live.ts";

const prefix = "cannot read test (URL): ";

function page(response: ServerResponse, items: readonly object[], next: string): true {
  send(response, 200, {
    kind: "ServiceList",
    apiVersion: "v1",
    metadata: { continue: next, resourceVersion: "1" },
    items,
  });
  return true;
}

/** Answers lists of Services only. */
function services(answer: (response: ServerResponse, count: number) => true): FakeApiOptions {
  return {
    intercept: (request, response, count) =>
      request.url?.startsWith("/api/v1/services") === true && answer(response, count),
  };
}

describe("an API server that does not come to an end", () => {
  test("pages without end, quick ones", async () => {
    const message = await readFrom(
      services((response) => page(response, [], "more")),
      {},
      { patience: 120_000 },
    );
    expect(message).toBe(`${prefix}the list of services has more than 5000 pages: the server does not end it`);
  });

  test("pages without end, each in time: the timeout is one of the whole list", async () => {
    const slow = services((response) => {
      setTimeout(() => page(response, [], "more"), 50);
      return true;
    });
    const start = performance.now();
    const message = await readFrom(slow, {}, { patience: 1000 });
    expect(message).toBe(`${prefix}the list of services did not end within 1 s (--request-timeout)`);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test("by default, each page has a timeout, and the list a longer one", async () => {
    const slow = services((response) => {
      setTimeout(() => page(response, [], "more"), 50);
      return true;
    });
    const message = await readFrom(slow, {}, { patience: 500, listPatience: 1500 });
    expect(message).toBe(`${prefix}the list of services did not end within 1.5 s (--request-timeout)`);
  });

  test("an answer that trickles", async () => {
    const trickle = services((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"kind": "ServiceList", "items": [');
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
      return true;
    });
    const message = await readFrom(trickle, {}, { patience: 300 });
    // The one limit bounds each response and the list as a whole: either may be told when both run out.
    const ended = ["the response", "the list of services"].map(
      (what) => `${prefix}${what} did not end within 0.3 s (--request-timeout)`,
    );
    expect(ended).toContain(message);
  });

  test("an answer without end, as fast as it goes", async () => {
    const chunk = Buffer.alloc(1_000_000, " ");
    const flood = services((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
      return true;
    });
    expect(await readFrom(flood)).toBe(`${prefix}the server sent a response of more than 100 MB`);
  });

  test("pages without end that are large: what is held in memory is bounded", async () => {
    const filler = "x".repeat(10_000);
    const { url } = await fakeApi(
      [],
      services((response) => page(response, [{ metadata: { name: "a", annotations: { filler } } }], "more")),
    );
    const target = { kind: "target", context: "", server: url, userName: "", cluster: {}, user: {} } as const;
    const connection: Connection = {
      kind: "connection",
      target,
      options: {},
      patience: 120_000,
      conceal: (text) => text,
    };
    const [resource] = resourcesFor("rules", false);
    if (resource === undefined) throw new Error("nothing to list");
    const counts: number[] = [];
    const room = { bytes: 1_000_000 };
    const listed = await listObjects(connection, resource, { onCount: (count) => counts.push(count), room });
    expect(listed).toMatchObject({ message: "the list of services is larger than this process can hold" });
    expect(counts.length).toBeLessThan(100);
    expect(createRoom().bytes).toBeLessThan(getHeapStatistics().heap_size_limit);
  });

  test("objects that are nested without end", async () => {
    const deep = services((response) => {
      const nested = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
      response.end(`{"kind": "ServiceList", "metadata": {}, "items": [${nested}]}`);
      return true;
    });
    expect(await readFrom(deep)).toContain(
      "the server returned invalid or incomplete JSON instead of a list of services",
    );
  });
});
