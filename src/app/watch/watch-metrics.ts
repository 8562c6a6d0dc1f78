// biome-ignore lint/style/noRestrictedImports: a type; the library itself is handed in
import type { Registry } from "prom-client";
import { countRules, countSentRules } from "../../follow/health.ts";
import { familyNames } from "../../model/address.ts";
import type { SyncReport } from "./reconciler.ts";
import type { WatchObserver } from "./watch-cluster.ts";

export interface WatchMetrics extends Omit<WatchObserver, "eligible" | "recovered"> {
  readonly registry: Registry;
  readonly answered: (question: "healthz" | "livez", status: number) => void;
}

const steps = (from: number, by: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + by * index);

/** kube-proxy 1.36's buckets. */
const syncBuckets = steps(0, 1, 15).map((power) => 0.001 * 2 ** power);
const latencyBuckets = [...steps(0.25, 0.25, 2), ...steps(1, 1, 59), ...steps(60, 5, 12), ...steps(120, 30, 7)];

/** Makes instruments under the names of kube-proxy's metrics, with `portolan_` for `kubeproxy_`. */
function makersFor(registry: Registry, { Counter, Gauge, Histogram }: typeof import("prom-client")) {
  const named = (name: string, help: string) => ({ name: `portolan_${name}`, help, registers: [registry] });
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ ...named(name, help), labelNames });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ ...named(name, help), labelNames });
  const histogram = (name: string, help: string, buckets: number[]) => new Histogram({ ...named(name, help), buckets });
  return { counter, gauge, histogram };
}

function createInstruments(client: typeof import("prom-client")) {
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const { counter, gauge, histogram } = makersFor(registry, client);

  const duration = histogram("sync_proxy_rules_duration_seconds", "Duration of a sync", syncBuckets);
  const full = histogram(
    "sync_full_proxy_rules_duration_seconds",
    "Duration of a full sync, which reads the host",
    syncBuckets,
  );
  const part = histogram("sync_partial_proxy_rules_duration_seconds", "Duration of a partial sync", syncBuckets);
  const latency = histogram(
    "network_programming_duration_seconds",
    "Time from an endpoint change to its rules",
    latencyBuckets,
  );
  const last = gauge("sync_proxy_rules_last_timestamp_seconds", "Time of the last successful sync");
  const queued = gauge("sync_proxy_rules_last_queued_timestamp_seconds", "Time when a sync was last queued");
  const total = gauge("sync_proxy_rules_iptables_total", "Rules owned by Portolan", ["table", "ip_family"]);
  const sent = gauge("sync_proxy_rules_iptables_last", "Rules sent in the last sync", ["table", "ip_family"]);
  const failures = counter("sync_proxy_rules_iptables_restore_failures_total", "Failed iptables-restore runs");
  const partFailures = counter(
    "sync_proxy_rules_iptables_partial_restore_failures_total",
    "Failed iptables-restore runs of partial syncs",
  );
  const failed = counter("sync_failures_total", "Syncs that failed for any reason");
  const drift = gauge("drift_steps", "Steps that would repair the host (--verify)");
  const relists = counter("watch_relists_total", "Watches that listed again", ["resource"]);
  const troubles = counter("watch_failures_total", "Lists and watches that failed", ["resource"]);
  const asked = {
    healthz: counter("proxy_healthz_total", "Responses of /healthz", ["code"]),
    livez: counter("proxy_livez_total", "Responses of /livez", ["code"]),
  };
  const changes = {
    EndpointSlice: {
      total: counter("sync_proxy_rules_endpoint_changes_total", "EndpointSlice changes"),
      pending: gauge("sync_proxy_rules_endpoint_changes_pending", "EndpointSlice changes not yet synced"),
    },
    Service: {
      total: counter("sync_proxy_rules_service_changes_total", "Service changes"),
      pending: gauge("sync_proxy_rules_service_changes_pending", "Service changes not yet synced"),
    },
  };
  return {
    registry,
    duration,
    full,
    part,
    latency,
    last,
    queued,
    total,
    sent,
    failures,
    partFailures,
    failed,
    drift,
    relists,
    troubles,
    asked,
    changes,
  };
}

/** One sync covers both families, so only rule counts have the label ip_family. */
export function createWatchMetrics(client: typeof import("prom-client"), clock: () => number): WatchMetrics {
  const instruments = createInstruments(client);
  const { registry, duration, full, part, latency, last, queued, total, sent } = instruments;
  const { failures, partFailures, failed, drift, relists, troubles, asked, changes } = instruments;
  let triggers: number[] = [];

  const countSync = ({ result, isFull, milliseconds }: SyncReport): void => {
    const seconds = milliseconds / 1000;
    duration.observe(seconds);
    (isFull ? full : part).observe(seconds);
    if (result.kind === "failed") {
      failed.inc();
      if (/tables-restore$/.test(result.step?.argv[0] ?? "")) (isFull ? failures : partFailures).inc();
    }
    if (result.kind !== "synced") return;
    for (const one of Object.values(changes)) one.pending.set(0);
    const now = clock();
    last.set(now / 1000);
    for (const at of triggers) latency.observe(Math.max(0, now - at) / 1000);
    triggers = [];
    drift.set(result.steps.length);
    sent.reset();
    for (const { table, family, count } of countSentRules(result.steps)) {
      sent.set({ table, ip_family: familyNames[family] }, count);
    }
    if (result.planned === undefined) return;
    for (const { table, family, count } of countRules(result.planned.desired.wanted)) {
      total.set({ table, ip_family: familyNames[family] }, count);
    }
  };
  return {
    registry,
    synced: countSync,
    queued: () => queued.set(clock() / 1000),
    changed: (kind, count, triggeredAt) => {
      if (kind !== "EndpointSlice" && kind !== "Service") return;
      changes[kind].total.inc(count);
      changes[kind].pending.inc(count);
      // biome-ignore lint/style/noRestrictedGlobals: converts a time that it is given; the clock is handed in
      const at = Date.parse(triggeredAt ?? "");
      if (!Number.isNaN(at) && triggers.length < mostTriggers) triggers.push(at);
    },
    trouble: ({ kind, plural }) => (kind === "relist" ? relists : troubles).inc({ resource: plural }),
    answered: (question, status) => asked[question].inc({ code: String(status) }),
  };
}

const mostTriggers = 10_000;
