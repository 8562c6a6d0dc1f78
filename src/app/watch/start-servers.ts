import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { type StateFlags, wantedFamilies } from "../../cli/program/state-flags.ts";
import { type HealthHistory, healthOf } from "../../follow/health.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { type Reply, type Served, serve } from "../../host/linux/serve.ts";
import { families } from "../../model/address.ts";
import type { WatchObserver } from "./watch-cluster.ts";
import { createWatchMetrics, type WatchMetrics } from "./watch-metrics.ts";

export interface ServerFlags extends Pick<StateFlags, "family"> {
  readonly metricsBindAddress?: string;
  readonly healthzBindAddress?: string;
  /** In milliseconds. A change that waits for twice as long makes it unhealthy. */
  readonly syncPeriod: number;
}

export interface Servers {
  /** Hears what the servers tell of. */
  readonly observer: WatchObserver;
  readonly ports: ReadonlySet<number>;
  readonly close: () => void;
}

/** Starts the servers that the flags ask for. Ends the command where one cannot listen. */
export async function startServers(flags: ServerFlags): Promise<Servers> {
  const metrics = flags.metricsBindAddress === undefined ? undefined : await createWatchMetrics();
  const health: { history: HealthHistory } = {
    history: {
      queuedAt: undefined,
      syncedAt: undefined,
      isEligible: true,
      families: wantedFamilies(flags.family) ?? families,
    },
  };
  const served: Served[] = [];
  const start = async (text: string | undefined, replies: Parameters<typeof serve>[1]): Promise<void> => {
    const address = text === undefined ? undefined : parseBindAddress(text);
    if (address !== undefined) served.push(await listen(address, text ?? "", replies));
  };
  try {
    await start(flags.metricsBindAddress, metrics === undefined ? {} : { "/metrics": () => metricsReply(metrics) });
    await start(
      flags.healthzBindAddress,
      healthReplies(() => health.history, flags, metrics),
    );
  } catch (error) {
    for (const { close } of served) close();
    throw error;
  }
  return {
    observer: observe(health, metrics),
    ports: new Set(served.map(({ port }) => port)),
    close: () => {
      for (const { close } of served) close();
    },
  };
}

async function listen(address: BindAddress, text: string, replies: Parameters<typeof serve>[1]): Promise<Served> {
  try {
    return await serve(address, replies);
  } catch (error) {
    throw new CommandFailure(`cannot listen on ${text}: ${reasonOf(error)}`, exitCodes.environment);
  }
}

async function metricsReply({ registry }: WatchMetrics): Promise<Reply> {
  return { status: 200, type: registry.contentType, body: await registry.metrics() };
}

type Replies = Readonly<Record<string, () => Reply>>;

function healthReplies(
  history: () => HealthHistory,
  { syncPeriod }: ServerFlags,
  metrics: WatchMetrics | undefined,
): Replies {
  const reply = (question: "healthz" | "livez") => (): Reply => {
    const text = (time: number): string => new Date(time).toISOString();
    const { status, body } = healthOf(history(), question, { now: Date.now(), patience: 2 * syncPeriod, text });
    metrics?.answered(question, status);
    return { status, type: "application/json", body: JSON.stringify(body) };
  };
  return { "/healthz": reply("healthz"), "/livez": reply("livez") };
}

function observe(health: { history: HealthHistory }, metrics: WatchMetrics | undefined): WatchObserver {
  const set = (part: Partial<HealthHistory>): void => {
    health.history = { ...health.history, ...part };
  };
  return {
    synced: (report) => {
      const now = Date.now();
      if (report.result.kind === "synced") set({ queuedAt: report.isMore ? now : undefined, syncedAt: now });
      // What failed waits, even if nothing in the cluster has changed.
      else set({ queuedAt: health.history.queuedAt ?? now });
      metrics?.synced(report);
    },
    queued: () => {
      set({ queuedAt: health.history.queuedAt ?? Date.now() });
      metrics?.queued();
    },
    changed: (...change) => metrics?.changed(...change),
    eligible: (isEligible) => set({ isEligible }),
    trouble: (trouble) => metrics?.trouble(trouble),
  };
}

export interface BindAddress {
  /** Undefined: all of the host's. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Reads `127.0.0.1:10249`, `[::1]:10249` or `:10249`; undefined for anything else. */
export function parseBindAddress(text: string): BindAddress | undefined {
  const [, six, four = "", port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (port === undefined || number > 65_535) return undefined;
  const host = six ?? four;
  return { host: host === "" ? undefined : host, port: number };
}
