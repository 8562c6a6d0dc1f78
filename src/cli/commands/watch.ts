import { resolve } from "node:path";
import { refuseUnreadableHost } from "../../app/host/read-host.ts";
import { readState } from "../../app/read-state.ts";
import type { WantedOptions } from "../../app/watch/desired-rules.ts";
import { startServers } from "../../app/watch/start-servers.ts";
import { readHostState, type SyncedHost } from "../../app/watch/sync-host.ts";
import { watchCluster } from "../../app/watch/watch-cluster.ts";
import { type Log, logLine } from "../../app/watch/watch-log.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { createCredentials } from "../../host/kube/credentials.ts";
import { usualTimes } from "../../host/kube/reflector.ts";
import { watchedResources } from "../../host/kube/resources.ts";
import { localHost, writeBackup } from "../../host/linux/collect-dump.ts";
import { holdApplyLock, kubeProxyHere, whyNotHere } from "../../host/linux/preflight.ts";
import { runOnHost } from "../../host/linux/run-step.ts";
import { type Family, families } from "../../model/address.ts";
import { featuresOnHost } from "../../reconcile/live/counters.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import { isAnythingOwned, ownedRules } from "../../reconcile/owned-objects.ts";
import { painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { catchStops, outliveReaders } from "../terminal/interrupts.ts";

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
    const known = host.rules[family];
    return known !== undefined && isAnythingOwned(ownedRules(known));
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
