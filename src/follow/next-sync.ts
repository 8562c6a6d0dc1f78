import type { ObjectChanges, RemovedObject } from "../incremental/read-changes.ts";
import { isRecord } from "../model/fields/fields.ts";

/** The history of syncs; times are milliseconds of a monotonic clock. */
export interface SyncHistory {
  /** When the first change arrived that no sync has processed yet. */
  readonly queuedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** When the host was last read and matched the desired state, or was changed to match it. */
  readonly checkedAt: number | undefined;
  /** Consecutive failures. */
  readonly failures: number;
}

export interface SyncPeriods {
  /** From one sync's start to that of the next. */
  readonly least: number;
  /** From one reading of the host to the next. */
  readonly full: number;
  readonly retry: Backoff;
}

export interface NextSync {
  readonly at: number;
  /** A full sync reads the host and plans against it; otherwise only the changes are sent. */
  readonly isFull: boolean;
}

/** The time and kind of the next sync. The first sync is full, and so is the one after a failure. */
export function nextSync(history: SyncHistory, periods: SyncPeriods): NextSync {
  const { queuedAt, startedAt, endedAt, checkedAt, failures } = history;
  const soonest = startedAt === undefined ? 0 : startedAt + periods.least;
  if (failures > 0) return { at: (endedAt ?? 0) + waitAfter(failures, periods.retry, 0.5), isFull: true };
  if (checkedAt === undefined) return { at: soonest, isFull: true };
  const check = Math.max(checkedAt + periods.full, soonest);
  if (queuedAt === undefined) return { at: check, isFull: true };
  const at = Math.max(queuedAt, soonest);
  return check <= at ? { at: check, isFull: true } : { at, isFull: false };
}

/** Wait times after consecutive failures, in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly most: number;
}

/** The wait doubles with each failure. `chance`, from 0 to 1, spreads the retries of many watchers. */
export function waitAfter(failures: number, { first, most }: Backoff, chance: number): number {
  const wait = Math.min(most, first * 2 ** Math.min(failures - 1, 30));
  return Math.min(most, Math.round(wait * (0.8 + 0.4 * chance)));
}

/** Changes that wait for a sync. Only the last change of each object is kept, so that a burst is cheap. */
export interface PendingChanges {
  readonly upsert: Map<string, unknown>;
  readonly remove: Map<string, RemovedObject>;
}

export function createPending(): PendingChanges {
  return { upsert: new Map(), remove: new Map() };
}

export function addPending(pending: PendingChanges, { upsert = [], remove = [] }: ObjectChanges): void {
  for (const removed of remove) {
    const key = keyOf(removed.kind, removed.namespace, removed.name);
    pending.upsert.delete(key);
    pending.remove.set(key, removed);
  }
  for (const object of upsert) {
    const { kind, metadata } = isRecord(object) ? object : {};
    const { namespace, name } = isRecord(metadata) ? metadata : {};
    const key = kind === "ConfigMap" ? keyOf("KubeProxyConfiguration", "", "") : keyOf(kind, namespace, name);
    pending.remove.delete(key);
    pending.upsert.set(key, object);
  }
}

/** Returns the waiting changes and clears them. */
export function takePending(pending: PendingChanges): ObjectChanges {
  const changes = { upsert: [...pending.upsert.values()], remove: [...pending.remove.values()] };
  pending.upsert.clear();
  pending.remove.clear();
  return changes;
}

function keyOf(kind: unknown, namespace: unknown, name: unknown): string {
  return [kind, namespace ?? "", name].join("\0");
}
