import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseBindAddress } from "../../../src/app/requests.ts";
import type { SyncReport } from "../../../src/app/watch/reconciler.ts";
import { type ServerEffects, type Servers, startServers } from "../../../src/app/watch/start-servers.ts";
import { logLine } from "../../../src/app/watch/watch-log.ts";
import { reasonOf } from "../../../src/host/files/read-sources.ts";
import { serve } from "../../../src/host/serve.ts";

const serverEffects: ServerEffects = {
  serve,
  reasonOf,
  now: Date.now,
  loadPrometheus: () => import("prom-client"),
};
const failed: SyncReport["result"] = {
  kind: "failed",
  message: "no",
  step: { purpose: "rules", argv: ["iptables-restore", "--noflush"], stdin: "" },
};
const sent: SyncReport["result"] = {
  kind: "synced",
  planned: undefined,
  steps: [
    { purpose: "rules", argv: ["iptables-restore"], stdin: "*nat\n:A - [0:0]\n-A A -j B\n-I C 1 -j A\nCOMMIT\n" },
  ],
};

function report(result: SyncReport["result"], isFull: boolean): SyncReport {
  return { result, isFull, changes: 1, milliseconds: 20, isMore: false };
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function started(syncPeriod: number): Promise<{ servers: Servers; metrics: string; health: string }> {
  const [metrics, health] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const servers = await startServers(
    { metricsBindAddress: metrics, healthzBindAddress: health, syncPeriod },
    serverEffects,
  );
  onTestFinished(servers.close);
  return { servers, metrics: `http://${metrics}`, health: `http://${health}` };
}

test("metrics have kube-proxy's names under portolan_", async () => {
  const { servers, metrics } = await started(1000);
  const { observer } = servers;
  observer.queued();
  observer.changed("EndpointSlice", 3, new Date(Date.now() - 2000).toISOString());
  observer.changed("Node", 1, undefined);
  observer.trouble({ plural: "services", kind: "relist", message: "", wait: 1 });
  observer.synced(report(failed, false));
  observer.synced(report(sent, false));
  const text = await (await fetch(`${metrics}/metrics`)).text();
  for (const line of [
    "portolan_sync_proxy_rules_duration_seconds_count 2",
    "portolan_sync_partial_proxy_rules_duration_seconds_count 2",
    "portolan_sync_proxy_rules_iptables_partial_restore_failures_total 1",
    "portolan_sync_proxy_rules_endpoint_changes_total 3",
    "portolan_sync_proxy_rules_endpoint_changes_pending 0",
    'portolan_sync_proxy_rules_iptables_last{table="nat",ip_family="IPv4"} 2',
    "portolan_network_programming_duration_seconds_count 1",
    'portolan_watch_relists_total{resource="services"} 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).toMatch(/^portolan_sync_proxy_rules_last_timestamp_seconds \d{10}/m);
});

describe("health", () => {
  const ask = async (url: string) => {
    const response = await fetch(url);
    return { status: response.status, body: (await response.json()) as Record<string, object> };
  };

  test("is good before and after the first sync, and bad when a change waits for two periods", async () => {
    const { servers, health } = await started(100);
    const { observer } = servers;
    expect(await ask(`${health}/healthz`)).toMatchObject({ status: 200, body: { healthy: true, nodeEligible: true } });
    observer.synced(report(sent, true));
    const { status, body } = await ask(`${health}/healthz`);
    expect(status).toBe(200);
    expect(Object.keys(body.status ?? {})).toEqual(["IPv4", "IPv6"]);
    observer.queued();
    expect((await ask(`${health}/livez`)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await ask(`${health}/livez`)).toMatchObject({ status: 503, body: { healthy: false } });
    observer.synced(report(sent, false));
    observer.eligible(false);
    expect((await ask(`${health}/livez`)).status).toBe(200);
    expect(await ask(`${health}/healthz`)).toMatchObject({ status: 503, body: { nodeEligible: false } });
    expect((await fetch(`${health}/else`)).status).toBe(404);
    expect((await fetch(`${health}/healthz`, { method: "POST" })).status).toBe(404);
  });
});

test("an address that is taken is told of, and nothing else listens then", async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as AddressInfo;
  const flags = { healthzBindAddress: `127.0.0.1:${port}`, syncPeriod: 1000 };
  await expect(startServers(flags, serverEffects)).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
});

test.each([
  ["127.0.0.1:10249", { host: "127.0.0.1", port: 10_249 }],
  ["[::1]:1", { host: "::1", port: 1 }],
  [":10256", { host: undefined, port: 10_256 }],
  ["10256", undefined],
  ["::1:80", undefined],
  ["a:70000", undefined],
])("the address %s is %j", (text, expected) => {
  expect(parseBindAddress(text)).toEqual(expected);
});

test("a line of the log is one line, whatever the cluster calls things", () => {
  const line = logLine(new Date(0), "warn", "x\u001b[31m\n\u009b\u202e", { name: "\u0000\u2028" });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them is to be there
  expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u202e]*\n$/);
  expect(JSON.parse(line)).toMatchObject({ time: "1970-01-01T00:00:00.000Z", level: "warn", name: "\u0000\u2028" });
});
