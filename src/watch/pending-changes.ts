import type { ObjectChanges, RemovedObject } from "../incremental/state/read-changes.ts";
import { isRecord } from "../model/fields/fields.ts";

/** Changes that wait for a sync, of each object only the last: a burst costs what it leaves behind. */
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

/** Gives what waits, and waits for the next. */
export function takePending(pending: PendingChanges): ObjectChanges {
  const changes = { upsert: [...pending.upsert.values()], remove: [...pending.remove.values()] };
  pending.upsert.clear();
  pending.remove.clear();
  return changes;
}

function keyOf(kind: unknown, namespace: unknown, name: unknown): string {
  return [kind, namespace ?? "", name].join("\0");
}
