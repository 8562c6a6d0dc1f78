import type { RemovedObject } from "../incremental/read-changes.ts";
import { isRecord } from "../model/fields/fields.ts";
import { makeSnapshot } from "../snapshot/make-snapshot.ts";

type Entry = Readonly<Record<string, unknown>>;

/** The known objects of one kind: a hash of the relevant fields of each, by namespace and name. */
export interface ResourceCache {
  readonly kind: string;
  readonly prints: Map<string, string>;
}

/** What differs from the cache. Call `commit` to update the cache, once the changes were processed. */
export interface Difference {
  readonly upsert: readonly Entry[];
  readonly remove: readonly RemovedObject[];
  readonly commit: () => void;
}

export function createMirror(kind: string): ResourceCache {
  return { kind, prints: new Map() };
}

/** The changes between the cache and a new list. resourceVersions are not compared: a restored etcd reuses them. */
export function compareList(mirror: ResourceCache, objects: readonly Entry[]): Difference {
  const prints = new Map<string, string>();
  const upsert: Entry[] = [];
  for (const object of objects) {
    const key = keyOf(object);
    const essence = ruleFields(object);
    const print = fingerprint(essence);
    if (mirror.prints.get(key) !== print) upsert.push(essence);
    prints.set(key, print);
  }
  const gone = [...mirror.prints.keys()].filter((key) => !prints.has(key));
  return {
    upsert,
    remove: gone.map((key) => removalOf(mirror.kind, key)),
    commit: () => {
      mirror.prints.clear();
      for (const [key, print] of prints) mirror.prints.set(key, print);
    },
  };
}

/** The change of one event; empty if only fields changed that no rule depends on, as in a Node's heartbeat. */
export function compareObject(mirror: ResourceCache, object: Entry, isRemoved: boolean): Difference {
  const key = keyOf(object);
  if (isRemoved) {
    const remove = mirror.prints.has(key) ? [removalOf(mirror.kind, key)] : [];
    return { upsert: [], remove, commit: () => mirror.prints.delete(key) };
  }
  const essence = ruleFields(object);
  const print = fingerprint(essence);
  const upsert = mirror.prints.get(key) === print ? [] : [essence];
  return { upsert, remove: [], commit: () => mirror.prints.set(key, print) };
}

/** Keeps only the names: every object of the next list counts as changed. */
export function forgetContents(mirror: ResourceCache): void {
  for (const key of mirror.prints.keys()) mirror.prints.set(key, "");
}

function keyOf({ metadata }: Entry): string {
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  return `${typeof namespace === "string" ? namespace : ""}/${typeof name === "string" ? name : ""}`;
}

function removalOf(kind: string, key: string): RemovedObject {
  const at = key.indexOf("/");
  if (kind === "ConfigMap") return { kind: "KubeProxyConfiguration", name: "" };
  return { kind, namespace: key.slice(0, at), name: key.slice(at + 1) };
}

/** The object with only the fields that rules depend on. */
function ruleFields(object: Entry): Entry {
  const [snapshot] = object.kind === "ConfigMap" ? [] : makeSnapshot([object]);
  if (snapshot !== undefined) return snapshot.value;
  const { metadata, ...rest } = object;
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  return { ...rest, metadata: { namespace, name } };
}

/** A 106-bit hash of a value's JSON (murmur's mixing, twice 53 bits), to detect changes without keeping the value. */
export function fingerprint(value: unknown): string {
  const text = JSON.stringify(value);
  return `${mix(text, 0x9e37_79b9)}.${mix(text, 0x85eb_ca6b)}`;
}

function mix(text: string, seed: number): string {
  let high = 0xdead_beef ^ seed;
  let low = 0x41c6_ce57 ^ seed;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36);
}
