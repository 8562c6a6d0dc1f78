import { resolve } from "node:path";
import { featuresOnHost } from "../../changes/found/counters-on-host.ts";
import type { HostState } from "../../changes/found/host-state.ts";
import { isAnythingOwned, ownedRules } from "../../changes/owned/owned-rules.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { watchedResources } from "../../host/live/resources.ts";
import { holdApplyLock } from "../../host/node/apply-lock.ts";
import { writeBackup } from "../../host/node/backup.ts";
import { whyNotHere } from "../../host/node/check-host.ts";
import { localHost } from "../../host/node/collect-dump.ts";
import { kubeProxyHere } from "../../host/node/kube-proxy-here.ts";
import { runOnHost } from "../../host/node/run-step.ts";
import { reasonOf } from "../../host/sources/read-sources.ts";
import { createCredentials } from "../../host/watch/credentials.ts";
import { usualTimes } from "../../host/watch/following.ts";
import { type Family, families } from "../../model/address.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { refuseUnreadableHost } from "../host/read-host.ts";
import { type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { readState } from "../read-state.ts";
import { painter } from "../terminal/color.ts";
import { catchStops, outliveReaders } from "../terminal/interrupts.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../terminal/render-diagnostics.ts";
import { type Log, logLine } from "../watch/log-line.ts";
import { startServers } from "../watch/start-servers.ts";
import { readHostState, type SyncedHost } from "../watch/sync-host.ts";
import type { WantedOptions } from "../watch/wanted-rules.ts";
import { watchCluster } from "../watch/watch-cluster.ts";

export interface WatchFlags extends StateFlags {
  readonly verify?: boolean;
  readonly apply?: boolean;
  readonly minSyncPeriod: number;
  readonly syncPeriod: number;
  readonly backupDir: string;
  readonly replaceKubeProxy?: boolean;
  readonly metricsBindAddress?: string;
  readonly healthzBindAddress?: string;
}

/** How long an API server may take to answer, where nobody says how long; a watch that waits for ever is no watch. */
const usualPatience = 30_000;

/** `portolan watch`: until a signal ends it. */
export async function runWatch(flags: WatchFlags): Promise<number> {
  const node = refuseUnfit(flags);
  const isVerify = flags.verify === true;
  if (!isVerify) refuseKubeProxy(flags);
  const state = await readThisHost();
  const options = await optionsOf(flags, node, state);
  const log: Log = (level, msg, fields) => process.stdout.write(logLine(new Date(), level, msg, fields));
  const stops = catchStops();
  const servers = await startServers(flags);
  if (!isVerify) outliveReaders();
  let hopeless: string | undefined;
  try {
    log("info", "watching", { node, mode: isVerify ? "verify" : "apply" });
    await watchCluster({
      resources: watchedResources(flags.proxyConfig === undefined),
      credentials: createCredentials({ ...targetOf(flags), freshFor: 60_000, signal: stops.signal }),
      options,
      synced: syncedHost(flags, { log, ports: servers.ports, interrupted: stops.reason }),
      isVerify,
      periods: { least: flags.minSyncPeriod, full: flags.syncPeriod, retry: { first: 1000, most: 30_000 } },
      times: usualTimes,
      log,
      now: () => performance.now(),
      signal: stops.signal,
      observer: servers.observer,
      hopeless: (message) => {
        hopeless = message;
        stops.stop();
      },
    });
  } finally {
    servers.close();
    stops.end();
  }
  if (hopeless !== undefined) throw new CommandFailure(hopeless, exitCodes.environment);
  log("info", "stopped", { signal: stops.reason() });
  return stops.exitCode();
}

function refuseUnfit({ live, filename, recursive, overlay, node, verify, apply, ...flags }: WatchFlags): string {
  const usage = (message: string): CommandFailure => new CommandFailure(message, exitCodes.usage);
  if (filename !== undefined || recursive !== undefined)
    throw usage("watch follows a running cluster: it takes --live instead of -f");
  if (live !== true) throw usage("say --live: watch follows a running cluster");
  if (overlay !== undefined) throw usage("--overlay cannot be laid over a cluster that changes");
  if (node === undefined) throw usage("say which node this host is: --node NAME");
  if (verify === apply) throw usage("say what to do: --verify tells of drift, --apply changes this host");
  if (flags.minSyncPeriod > flags.syncPeriod) throw usage("--min-sync-period is longer than --sync-period");
  return node;
}

/** As apply does; one that comes later makes every sync fail until it goes. */
function refuseKubeProxy(flags: WatchFlags): void {
  const refusal = refusalOf(flags, new Set());
  if (refusal !== undefined) throw new CommandFailure(refusal, exitCodes.environment);
}

function refusalOf({ replaceKubeProxy }: WatchFlags, ports: ReadonlySet<number>): string | undefined {
  const sign = replaceKubeProxy === true ? undefined : kubeProxyHere(ports);
  return sign && `kube-proxy runs here (${sign}) and would undo what is done; stop it, or say --replace-kube-proxy`;
}

async function readThisHost(): Promise<HostState> {
  refuseUnreadableHost();
  const read = await readHostState(localHost);
  if (typeof read === "string") throw new CommandFailure(read, exitCodes.environment);
  return read.state;
}

async function optionsOf(flags: WatchFlags, node: string, host: HostState): Promise<WantedOptions> {
  const backend = (family: Family) => host.rules[family]?.backend ?? "nft";
  const hasOurs = families.every((family) => {
    const texts = host.rules[family]?.texts;
    return texts !== undefined && isAnythingOwned(ownedRules(texts));
  });
  return {
    node,
    mode: flags.mode,
    nodePortRange: flags.serviceNodePortRange,
    // kube-proxy always runs both: what an earlier run left in one is to be kept in step as well.
    families: wantedFamilies(flags.family) ?? (hasOurs ? families : undefined),
    proxyConfig: await readProxyConfig(flags),
    hostAddresses: host.addresses,
    hostFeatures: featuresOnHost(host),
    backends: { ipv4: backend("ipv4"), ipv6: backend("ipv6") },
  };
}

/** The configuration of --proxy-config, which stands over that of the cluster and is read once. */
async function readProxyConfig({ proxyConfig, color, mode }: WatchFlags): Promise<unknown> {
  if (proxyConfig === undefined) return undefined;
  const { inputs, sink } = await readState({ proxyConfig, color, ...(mode === undefined ? {} : { mode }) }, {});
  const { diagnostics } = sink;
  if (hasErrors(diagnostics)) {
    process.stderr.write(renderDiagnostics(diagnostics, inputs.documents, painter(process.stderr, color)));
    throw new CommandFailure(summarizeDiagnostics(diagnostics), exitCodes.invalidInput);
  }
  return inputs.documents[inputs.proxyConfigDocument ?? 0]?.value;
}

function targetOf({ kubeconfig, context, cluster, user, as, requestTimeout = usualPatience }: WatchFlags) {
  return { kubeconfig, context, cluster, user, as, patience: requestTimeout === 0 ? usualPatience : requestTimeout };
}

interface Surroundings {
  readonly log: Log;
  /** Ports this process listens on, which are no sign of a kube-proxy. */
  readonly ports: ReadonlySet<number>;
  readonly interrupted: () => string | undefined;
}

function syncedHost(flags: WatchFlags, { log, ports, interrupted }: Surroundings): SyncedHost {
  let backup: string | undefined;
  return {
    host: localHost,
    lock: holdApplyLock,
    refusal: () => refusalOf(flags, ports),
    whyNot: (steps) => whyNotHere(steps, runOnHost),
    keepBackup: (dump) => {
      if (backup !== undefined) return;
      try {
        backup = writeBackup(resolve(flags.backupDir), dump);
      } catch (error) {
        throw new Error(`cannot keep a backup in ${flags.backupDir}: ${reasonOf(error)}`);
      }
      log("info", "backup", { path: backup });
    },
    interrupted,
  };
}
