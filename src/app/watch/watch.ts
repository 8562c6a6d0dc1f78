import { hasErrors } from "../../diagnostics/diagnostic.ts";
import type { createCredentials } from "../../host/kube/credentials.ts";
import type { reflectResource } from "../../host/kube/reflect-resource.ts";
import type { ReflectorTimes } from "../../host/kube/reflector.ts";
import type { watchedResources } from "../../host/kube/resources.ts";
import { type Family, families } from "../../model/address.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import { featuresOnHost, hasRulesOfOurs } from "../../reconcile/live/live-state.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import { kubeProxyRefusal } from "../change-host.ts";
import { type Effects, Failure, type Machine } from "../effects.ts";
import { refuseUnreadableHost } from "../read-host.ts";
import { patienceOf, readState } from "../read-state.ts";
import { readingOptions, requestedFamilies, type StateRequest } from "../requests.ts";
import type { DesiredOptions } from "./desired-rules.ts";
import { type ServerEffects, type ServerRequest, startServers } from "./start-servers.ts";
import { readHostState, type SyncedHost } from "./sync-host.ts";
import { type Watch, watchCluster } from "./watch-cluster.ts";
import type { Log } from "./watch-log.ts";

export interface WatchRequest extends StateRequest, Omit<ServerRequest, "family"> {
  /** Report drift and write nothing; the alternative is `apply`. */
  readonly verify?: boolean;
  readonly apply?: boolean;
  /** In milliseconds, as `syncPeriod` is. */
  readonly minSyncPeriod: number;
  readonly backupDir: string;
  readonly replaceKubeProxy?: boolean;
}

/** The effects of a watch, in addition to those of every command. */
export interface WatchEffects {
  readonly createCredentials: typeof createCredentials;
  readonly watchedResources: typeof watchedResources;
  readonly reflectResource: typeof reflectResource;
  readonly times: ReflectorTimes;
  readonly servers: ServerEffects;
  readonly log: Log;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly sleep: Watch["sleep"];
  /** From now on signals end the watch. */
  readonly catchStops: () => Stops;
  /** The watch now changes the host: from now on a lost output must not end the process. */
  readonly ignoreLostOutputs: () => void;
}

export interface Stops {
  readonly signal: AbortSignal;
  /** Ends the watch as a signal does. */
  readonly stop: () => void;
  readonly reason: () => string | undefined;
  readonly end: () => void;
}

/** Keeps this host in sync with a running cluster, or reports drift, until it is stopped. */
export async function watchState(request: WatchRequest, effects: Effects, watch: WatchEffects): Promise<void> {
  const node = refuseUnfit(request);
  const isVerify = request.verify === true;
  const machine = await effects.machine();
  const refusal = isVerify ? undefined : kubeProxyRefusal(request, machine);
  // A kube-proxy that starts later makes every sync fail until it stops.
  if (refusal !== undefined) throw new Failure(refusal, "environment");
  const options = await optionsOf({ request, node, host: await readThisHost(machine) }, effects);
  const stops = watch.catchStops();
  let fatal: string | undefined;
  try {
    const servers = await startServers(request, watch.servers);
    if (!isVerify) watch.ignoreLostOutputs();
    watch.log("info", "watching", { node, mode: isVerify ? "verify" : "apply" });
    const credentials = { ...targetOf(request), freshFor: 60_000, signal: stops.signal };
    const synced = syncedHost({ request, machine, ports: servers.ports, stops }, watch.log);
    await watchCluster({
      ...watch,
      resources: watch.watchedResources(request.proxyConfig === undefined),
      credentials: watch.createCredentials(credentials),
      options,
      synced,
      isVerify,
      periods: { least: request.minSyncPeriod, full: request.syncPeriod, retry: { first: 1000, most: 30_000 } },
      signal: stops.signal,
      observer: servers.observer,
      onFatal: (message) => {
        fatal = message;
        stops.stop();
      },
    }).finally(servers.close);
  } finally {
    stops.end();
  }
  if (fatal !== undefined) throw new Failure(fatal, "environment");
  watch.log("info", "stopped", { signal: stops.reason() });
}

function refuseUnfit({ live, filename, recursive, overlay, node, verify, apply, ...request }: WatchRequest): string {
  const usage = (message: string): Failure => new Failure(message, "usage");
  if (filename !== undefined || recursive !== undefined)
    throw usage("watch needs a running cluster: pass --live instead of -f");
  if (live !== true) throw usage("watch needs a running cluster: pass --live");
  if (overlay !== undefined) throw usage("watch does not support --overlay");
  if (node === undefined) throw usage("no node: pass --node NAME of this host");
  if (verify === apply) throw usage("pass either --verify to report drift or --apply to change this host");
  if (request.minSyncPeriod > request.syncPeriod) throw usage("--min-sync-period is longer than --sync-period");
  return node;
}

async function readThisHost(machine: Machine): Promise<HostState> {
  refuseUnreadableHost(machine);
  const read = await readHostState(machine.host);
  if (typeof read === "string") throw new Failure(read, "environment");
  return read.state;
}

async function optionsOf(
  { request, node, host }: { readonly request: WatchRequest; readonly node: string; readonly host: HostState },
  effects: Effects,
): Promise<DesiredOptions> {
  const backend = (family: Family) => host.rules[family]?.backend ?? "nft";
  const hasOurs = families.every((family) => hasRulesOfOurs(host, family));
  return {
    node,
    ...readingOptions(request),
    // kube-proxy always runs both families: rules that an earlier run left in one are kept in sync as well.
    families: requestedFamilies(request.family) ?? (hasOurs ? families : undefined),
    proxyConfig: await readProxyConfig(request, effects),
    hostAddresses: host.addresses,
    hostFeatures: featuresOnHost(host),
    backends: { ipv4: backend("ipv4"), ipv6: backend("ipv6") },
  };
}

/** The configuration of --proxy-config. It overrides that of the cluster and is read once. */
async function readProxyConfig(request: WatchRequest, effects: Effects): Promise<unknown> {
  const { proxyConfig } = request;
  if (proxyConfig === undefined) return undefined;
  const quiet = { ...effects, onProgress: () => {} };
  const { inputs, sink } = await readState({ proxyConfig }, readingOptions(request), quiet);
  const { diagnostics } = sink;
  if (hasErrors(diagnostics)) {
    effects.onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents: inputs.documents }] });
    throw new Failure(summarizeDiagnostics(diagnostics), "invalid-input");
  }
  return inputs.documents[inputs.proxyConfigDocument ?? 0]?.value;
}

function targetOf({ kubeconfig, context, cluster, user, as, requestTimeout }: WatchRequest) {
  // A watch needs timeouts, or it could wait forever.
  return { kubeconfig, context, cluster, user, as, ...patienceOf(requestTimeout === 0 ? undefined : requestTimeout) };
}

interface WatchedHost {
  readonly request: WatchRequest;
  readonly machine: Machine;
  /** Ports that this process listens on, which do not indicate a kube-proxy. */
  readonly ports: ReadonlySet<number>;
  readonly stops: Stops;
}

function syncedHost({ request, machine, ports, stops }: WatchedHost, log: Log): SyncedHost {
  let isKept = false;
  return {
    host: machine.host,
    lock: machine.holdApplyLock,
    refusal: () => kubeProxyRefusal(request, machine, ports),
    preflight: (steps) => machine.preflight(steps),
    keepBackup: (dump) => {
      if (isKept) return;
      const backup = machine.writeBackup(request.backupDir, dump);
      if (backup.kind === "failed") throw new Error(backup.message);
      isKept = true;
      log("info", "backup", { path: backup.path });
    },
    interrupted: stops.reason,
    interrupt: stops.signal,
  };
}
