import { isEligible } from "../../follow/health.ts";
import type { SyncPeriods } from "../../follow/next-sync.ts";
import { triggerTimeOf } from "../../follow/watch-event.ts";
import type { Credentials } from "../../host/kube/credentials.ts";
import type { Entry } from "../../host/kube/kubeconfig.ts";
import type { Reflector, reflectResource } from "../../host/kube/reflect-resource.ts";
import type { ReflectorTimes, Trouble } from "../../host/kube/reflector.ts";
import type { Resource } from "../../host/kube/resources.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { HostFeatures } from "../../model/objects/node.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import { featuresOnHost } from "../../reconcile/live/live-state.ts";
import { createDesiredRules, type DesiredOptions, type DesiredRules, type DesiredUpdate } from "./desired-rules.ts";
import { createReconciler, type Reconciler, type ReconcilerOptions, type SyncReport } from "./reconciler.ts";
import { applyPart, applyWhole, type SyncedHost, type SyncResult, verifyHost } from "./sync-host.ts";
import { type Log, reportSync, reportUpdate } from "./watch-log.ts";

/** The parts of a watch; tests replace them. */
export interface Watch {
  readonly resources: readonly Resource[];
  readonly reflectResource: typeof reflectResource;
  readonly credentials: Credentials;
  readonly options: DesiredOptions;
  readonly synced: SyncedHost;
  readonly isVerify: boolean;
  readonly periods: SyncPeriods;
  readonly times: ReflectorTimes;
  readonly log: Log;
  readonly now: () => number;
  readonly sleep: ReconcilerOptions["sleep"];
  readonly signal: AbortSignal;
  /** For metrics and health checks. */
  readonly observer: WatchObserver;
  /** Called if nothing could be read yet and a retry cannot help. */
  readonly onFatal: (message: string) => void;
}

export interface WatchObserver {
  readonly synced: (report: SyncReport) => void;
  readonly queued: () => void;
  /** Objects of a kind have changed. `triggeredAt`: the time of the oldest change, if the objects contain it. */
  readonly changed: (kind: string, count: number, triggeredAt: string | undefined) => void;
  readonly eligible: (isEligible: boolean) => void;
  readonly trouble: (trouble: Trouble) => void;
  readonly recovered: (plural: string) => void;
}

/**
 * Watches a cluster and keeps one node in sync with it. Ends when the signal aborts and the running sync has finished.
 */
export async function watchCluster(watch: Watch): Promise<void> {
  const { log, signal, observer, resources } = watch;
  const all = resources.map(({ plural }) => plural);
  const lists: Lists = { due: new Set(all), unread: new Set(all) };
  const reflectors: Reflector[] = [];
  let rules = wantedRules(watch);
  const reconciler = createReconciler({
    rules: rules.wanted,
    periods: watch.periods,
    isVerify: watch.isVerify,
    now: watch.now,
    sleep: watch.sleep,
    signal,
    sync: (update, isFull) => syncHost(watch, rules, update, isFull),
    onUpdate: (update) => reportUpdate(log, update),
    onSync: (report) => {
      reportSync(log, report, watch.isVerify);
      observer.synced(report);
    },
    onBug: (error) => {
      const stack = error instanceof Error ? error.stack : String(error);
      log("error", "a bug in Portolan, please report it; all state is read again", { stack });
      rules = wantedRules(watch);
      reconciler.replaceRules(rules.wanted);
      for (const plural of all) lists.due.add(plural);
      for (const one of reflectors) one.restart();
    },
  });
  for (const resource of resources) reflectors.push(reflect(watch, resource, reconciler, lists));
  await Promise.all([reconciler.done, ...reflectors.map(({ done }) => done)]);
}

/** Kinds, by their plural. */
interface Lists {
  /** Not listed yet, or to be listed again after a bug. Syncs wait for them. */
  readonly due: Set<string>;
  /** Never listed so far. */
  readonly unread: Set<string>;
}

interface HostRules {
  readonly wanted: DesiredRules;
  /** The desired state. Updates the Host document from the live state of the host first. */
  readonly desire: (host: HostState) => ReturnType<DesiredRules["desired"]>;
}

function wantedRules({ options, log }: Watch): HostRules {
  const wanted = createDesiredRules(options);
  let known = factsOf(options.hostAddresses, options.hostFeatures);
  const { node } = options;
  return {
    wanted,
    desire: (found) => {
      const { addresses } = found;
      const features = featuresOnHost(found);
      const facts = factsOf(addresses, features);
      if (wanted.desired() !== undefined && facts !== known) {
        known = facts;
        log("info", "the addresses or the counters of this host have changed", { addresses: addresses.length });
        const host = { apiVersion: "portolan/v1alpha1", kind: "Host", metadata: { name: node }, addresses, features };
        wanted.update({ upsert: [host] });
      }
      return wanted.desired();
    },
  };
}

function factsOf(addresses: readonly string[] = [], features: Partial<HostFeatures> = {}): string {
  return JSON.stringify([[...addresses].sort(), features]);
}

function syncHost(
  { synced, isVerify }: Watch,
  { desire }: HostRules,
  update: DesiredUpdate | undefined,
  isFull: boolean,
): Promise<SyncResult> {
  if (isVerify) return verifyHost(desire, synced.host);
  if (isFull || update?.steps === undefined) return applyWhole(desire, synced);
  return applyPart(update.steps, update.udpServices, synced);
}

function reflect(watch: Watch, resource: Resource, reconciler: Reconciler, lists: Lists): Reflector {
  const { log, observer, options, credentials, times, signal } = watch;
  const { plural, kind } = resource;
  const isRead = (): void => {
    lists.unread.delete(plural);
    lists.due.delete(plural);
    if (lists.due.size === 0) reconciler.begin();
  };
  return watch.reflectResource({
    resource,
    credentials,
    times,
    signal,
    handlers: {
      changed: (changes, raw) => {
        const count = (changes.upsert?.length ?? 0) + (changes.remove?.length ?? 0);
        reconciler.add(changes);
        observer.queued();
        observer.changed(kind, count, raw && triggerTimeOf(raw));
      },
      seen: (object) => {
        if (kind === "Node" && nameOf(object) === options.node) observer.eligible(isEligible(object));
      },
      listed: (objects) => {
        log("info", "listed", { resource: plural, objects });
        isRead();
      },
      leftOut: ({ message, isForbidden, isKnown }) => {
        if (!isKnown) log(isForbidden ? "warn" : "info", "left out", { resource: plural, reason: message });
        isRead();
      },
      recovered: () => {
        observer.recovered(plural);
        log("info", "watching again", { resource: plural });
      },
      trouble: (trouble) => {
        const { message, wait, kind: what } = trouble;
        observer.trouble(trouble);
        const level = what === "relist" ? "warn" : "error";
        const said = what === "relist" ? "listing again" : "cannot watch";
        log(level, said, { resource: plural, error: message, retryInMilliseconds: wait });
        if (what === "refused" && lists.unread.has(plural)) watch.onFatal(message);
      },
    },
  });
}

function nameOf({ metadata }: Entry): unknown {
  return isRecord(metadata) ? metadata.name : undefined;
}
