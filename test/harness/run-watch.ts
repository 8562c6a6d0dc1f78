import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as timer } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type Watch, watchCluster } from "../../src/app/watch/watch-cluster.ts";
import type { LogFields } from "../../src/app/watch/watch-log.ts";
import { createCredentials } from "../../src/host/kube/credentials.ts";
import { reflectResource } from "../../src/host/kube/reflect-resource.ts";
import { watchedResources } from "../../src/host/kube/resources.ts";
import type { Run } from "../../src/host/run-step.ts";
import { collectHeadings } from "../../src/reconcile/live/collected-document.ts";

import { kubeconfig } from "./fake-api.ts";
import { SimulatedHost } from "./simulated-host.ts";
import type { WatchApi } from "./watch-api.ts";

export interface LogEntry extends LogFields {
  readonly level: string;
  readonly msg: string;
}

export interface RunningWatch {
  readonly entries: LogEntry[];
  /** Processes that were run and were no reading. */
  readonly steps: string[];
  readonly host: SimulatedHost;
  /** Waits until it is true; throws with the log when it does not become so. */
  readonly until: (isTrue: () => boolean, what: string) => Promise<void>;
  readonly count: (msg: string) => number;
  readonly rules: () => string;
  readonly signal: AbortSignal;
  readonly stop: () => Promise<void>;
  readonly done: Promise<void>;
}

/** Times so short that a test need not wait; a minute of a real watch is a tenth of a second here. */
export const shortTimes: Watch["times"] = {
  answer: 300,
  silence: 60_000,
  length: 60_000,
  grace: 30_000,
  apart: 5,
  retry: { first: 5, most: 40 },
};

/** Where the API server is: one of this process, or any that a kubeconfig leads to. */
export type Endpoint = Pick<WatchApi, "url"> | { readonly kubeconfig: string };

export interface WatchChoices extends Partial<Pick<Watch, "times" | "periods" | "isVerify">> {
  readonly host?: SimulatedHost;
  readonly user?: object;
  readonly mode?: "iptables" | "ipvs" | "nftables";
  /** A KubeProxyConfiguration; the ConfigMap is not followed then. */
  readonly proxyConfig?: object;
  /** Milliseconds after which `until` gives up. */
  readonly limit?: number;
  readonly freshFor?: number;
  readonly lock?: Watch["synced"]["lock"];
  readonly refusal?: Watch["synced"]["refusal"];
  /** Why a step fails, if it is to. */
  readonly spoil?: (command: string) => string | undefined;
}

/** Runs a watch of an API server on a simulated host; it ends with the test. */
export function runWatch(endpoint: Endpoint, choices: WatchChoices = {}): RunningWatch {
  const { host = new SimulatedHost(), times = shortTimes, isVerify = false, freshFor = 60_000 } = choices;
  const periods = choices.periods ?? { least: 20, full: 60_000, retry: { first: 5, most: 40 } };
  const folder = mkdtempSync(join(tmpdir(), "portolan-watch-"));
  const file = join(folder, "config");
  const { user = {} } = choices;
  writeFileSync(file, "url" in endpoint ? kubeconfig({ server: endpoint.url(), user }) : endpoint.kubeconfig);
  const entries: LogEntry[] = [];
  const steps: string[] = [];
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const none = { context: undefined, cluster: undefined, user: undefined, as: undefined };
  const done = watchCluster({
    resources: watchedResources(choices.proxyConfig === undefined),
    reflectResource,
    credentials: createCredentials({
      ...none,
      kubeconfig: file,
      patience: times.answer,
      listPatience: 60_000,
      freshFor,
      signal: stop.signal,
    }),
    options: {
      node: "node1",
      mode: choices.mode,
      proxyConfig: choices.proxyConfig,
      hostAddresses: ["192.0.2.10"],
      backends: { ipv4: "legacy", ipv6: "legacy" },
    },
    synced: {
      host: { run: runnerOn(host, steps, choices.spoil), exists: () => host.timeouts !== undefined },
      lock: choices.lock ?? (async () => () => {}),
      refusal: choices.refusal ?? (() => undefined),
      preflight: async () => [],
      keepBackup: () => {},
      interrupted: () => (stop.signal.aborted ? "interrupted" : undefined),
    },
    isVerify,
    periods,
    times,
    log: (level, msg, fields) => entries.push({ level, msg, ...fields }),
    now: () => performance.now(),
    sleep: (milliseconds, signal) => timer(milliseconds, undefined, { signal }).catch(() => {}),
    signal: stop.signal,
    observer: {
      synced: () => {},
      queued: () => {},
      changed: () => {},
      eligible: () => {},
      trouble: () => {},
      recovered: () => {},
    },
    onFatal: (message) => {
      entries.push({ level: "error", msg: "hopeless", error: message });
      stop.abort();
    },
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  onTestFinished(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  });
  const until = async (isTrue: () => boolean, what: string): Promise<void> => {
    const { limit = 8000 } = choices;
    const end = performance.now() + limit;
    while (!isTrue()) {
      if (performance.now() > end) throw new Error(`not in time: ${what}\n${entries.map(asLine).join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const count = (msg: string) => entries.filter((entry) => entry.msg === msg).length;
  return { entries, steps, host, until, count, rules: () => host.save("ipv4"), signal: stop.signal, stop: end, done };
}

function asLine(entry: LogEntry): string {
  return JSON.stringify(entry);
}

function runnerOn(host: SimulatedHost, steps: string[], spoil: WatchChoices["spoil"]): Run {
  return async (argv, stdin) => {
    const command = argv.join(" ");
    const known = collectHeadings.find((one) => one === command);
    // As on a real host, asking IPVS loads it.
    if (command === "ipvsadm -Sn") host.run({ purpose: "", argv, stdin });
    if (known !== undefined) {
      const { texts, failures } = host.dump();
      return { stdout: texts[known] ?? "", stderr: "", failure: failures[known] };
    }
    steps.push(command);
    const spoilt = spoil?.(command);
    if (spoilt !== undefined) return { stdout: "", stderr: spoilt, failure: spoilt };
    try {
      host.run({ purpose: "", argv, stdin });
      return { stdout: "", stderr: "", failure: undefined };
    } catch (error) {
      return { stdout: "", stderr: "", failure: String(error) };
    }
  };
}
