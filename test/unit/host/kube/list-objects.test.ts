import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Connection } from "../../../../src/host/kube/connect.ts";
import { listObjects } from "../../../../src/host/kube/list-objects.ts";
import { watchedResources } from "../../../../src/host/kube/resources.ts";

test("who is told to come back later, and is called off meanwhile, does not ask again", async () => {
  let requests = 0;
  const stop = new AbortController();
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(429, { "retry-after": "10" }).end("{}");
    setTimeout(() => stop.abort(), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const target = {
    kind: "target",
    context: "",
    server: `http://127.0.0.1:${port}`,
    userName: "",
    cluster: {},
    user: {},
  } as const;
  const connection: Connection = {
    kind: "connection",
    target,
    options: { signal: stop.signal },
    patience: 5000,
    conceal: (text) => text,
  };
  const [services] = watchedResources(false);
  if (services === undefined) throw new Error("nothing to list");
  const start = performance.now();
  expect(await listObjects(connection, services, { onCount: () => {}, room: { bytes: 1_000_000 } })).toMatchObject({
    kind: "failed",
    status: 429,
  });
  expect(requests).toBe(1);
  // Not after the ten seconds that the server asked for.
  expect(performance.now() - start).toBeLessThan(8000);
});
