import { type HealthHistory, healthOf, withoutTrouble, withTrouble } from "../../follow/health.ts";
import type { Reply, Served, serve } from "../../host/serve.ts";
import { families } from "../../model/address.ts";
import { Failure } from "../effects.ts";
import { parseBindAddress, requestedFamilies, type StateRequest } from "../requests.ts";
import type { WatchObserver } from "./watch-cluster.ts";
import { createWatchMetrics, type WatchMetrics } from "./watch-metrics.ts";

/** What to serve, and on which addresses. */
export interface ServerRequest extends Pick<StateRequest, "family"> {
  readonly metricsBindAddress?: string;
  readonly healthzBindAddress?: string;
  /** In milliseconds. A change that waits for twice as long makes it unhealthy. */
  readonly syncPeriod: number;
}

export interface ServerEffects {
  readonly serve: typeof serve;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The error of a socket, as text. */
  readonly reasonOf: (error: unknown) => string;
  readonly loadPrometheus: () => Promise<typeof import("prom-client")>;
}

export interface Servers {
  /** Callbacks for the servers. */
  readonly observer: WatchObserver;
  readonly ports: ReadonlySet<number>;
  readonly close: () => void;
}

/** Starts the servers that are requested. Fails where one cannot listen. */
export async function startServers(request: ServerRequest, effects: ServerEffects): Promise<Servers> {
  const { now, loadPrometheus } = effects;
  const isMeasured = request.metricsBindAddress !== undefined;
  const metrics = isMeasured ? createWatchMetrics(await loadPrometheus(), now) : undefined;
  const health: { history: HealthHistory } = {
    history: {
      queuedAt: undefined,
      syncedAt: undefined,
      isEligible: true,
      families: requestedFamilies(request.family) ?? families,
      troubles: new Map(),
    },
  };
  const served: Served[] = [];
  const start = async (text: string | undefined, replies: Replies): Promise<void> => {
    if (text !== undefined) served.push(await listen(text, replies, effects));
  };
  try {
    await start(request.metricsBindAddress, metrics === undefined ? {} : { "/metrics": () => metricsReply(metrics) });
    await start(
      request.healthzBindAddress,
      healthReplies({ history: () => health.history, patience: 2 * request.syncPeriod, now }, metrics),
    );
  } catch (error) {
    for (const { close } of served) close();
    throw error;
  }
  return {
    observer: observe(health, metrics, now),
    ports: new Set(served.map(({ port }) => port)),
    close: () => {
      for (const { close } of served) close();
    },
  };
}

async function listen(text: string, replies: Replies, { serve, reasonOf }: ServerEffects): Promise<Served> {
  const address = parseBindAddress(text);
  if (address === undefined) throw new Failure(`cannot listen on ${text}: it is not an IP address`, "usage");
  try {
    return await serve(address, replies);
  } catch (error) {
    throw new Failure(`cannot listen on ${text}: ${reasonOf(error)}`, "environment");
  }
}

type Replies = Readonly<Record<string, () => Reply | Promise<Reply>>>;

async function metricsReply({ registry }: WatchMetrics): Promise<Reply> {
  return { status: 200, type: registry.contentType, body: await registry.metrics() };
}

interface Health {
  readonly history: () => HealthHistory;
  /** How long a change may wait, in milliseconds. */
  readonly patience: number;
  readonly now: () => number;
}

function healthReplies({ history, patience, now }: Health, metrics: WatchMetrics | undefined): Replies {
  const reply = (question: "healthz" | "livez") => (): Reply => {
    // biome-ignore lint/style/noRestrictedGlobals: converts a time that it is given; the clock is handed in
    const text = (time: number): string => new Date(time).toISOString();
    const { status, body } = healthOf(history(), question, { now: now(), patience, text });
    metrics?.answered(question, status);
    return { status, type: "application/json", body: JSON.stringify(body) };
  };
  return { "/healthz": reply("healthz"), "/livez": reply("livez") };
}

function observe(
  health: { history: HealthHistory },
  metrics: WatchMetrics | undefined,
  clock: () => number,
): WatchObserver {
  const set = (part: Partial<HealthHistory>): void => {
    health.history = { ...health.history, ...part };
  };
  return {
    synced: (report) => {
      const now = clock();
      if (report.result.kind === "synced") set({ queuedAt: report.isMore ? now : undefined, syncedAt: now });
      // What failed waits, even if nothing in the cluster has changed.
      else set({ queuedAt: health.history.queuedAt ?? now });
      metrics?.synced(report);
    },
    queued: () => {
      set({ queuedAt: health.history.queuedAt ?? clock() });
      metrics?.queued();
    },
    changed: (...change) => metrics?.changed(...change),
    eligible: (isEligible) => set({ isEligible }),
    trouble: (trouble) => {
      const { plural, message, isOutage } = trouble;
      // All nodes see an outage of the server: if all were unhealthy, a load balancer would have none left.
      health.history =
        isOutage === true
          ? withoutTrouble(health.history, plural, clock())
          : withTrouble(health.history, plural, message, clock());
      metrics?.trouble(trouble);
    },
    recovered: (plural) => {
      health.history = withoutTrouble(health.history, plural, clock());
    },
  };
}
