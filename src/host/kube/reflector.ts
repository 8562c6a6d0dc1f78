import type { Backoff } from "../../follow/next-sync.ts";
import type { Difference, ResourceCache } from "../../follow/resource-cache.ts";
import type { ObjectChanges } from "../../incremental/read-changes.ts";
import type { Credentials } from "./credentials.ts";
import type { Entry } from "./kubeconfig.ts";
import type { Resource } from "./resources.ts";

/** Timeouts and intervals, in milliseconds. */
export interface ReflectorTimes {
  /** Until the server responds to a watch. */
  readonly answer: number;
  /** Without a byte from the server. Its bookmarks are up to 75 s apart. */
  readonly silence: number;
  /** The maximum duration of a watch (timeoutSeconds). */
  readonly length: number;
  /** Added to `length`: later the watch is ended here. A server may not end it. */
  readonly grace: number;
  /** The minimum time between the starts of two watches. */
  readonly apart: number;
  readonly retry: Backoff;
}

export const usualTimes: ReflectorTimes = {
  answer: 10_000,
  silence: 120_000,
  length: 300_000,
  grace: 30_000,
  apart: 500,
  retry: { first: 250, most: 30_000 },
};

/** Callbacks for the events of one kind. */
export interface ReflectorHandlers {
  /** Objects have changed on the server. `raw`: the object of a watch event; undefined for the result of a list. */
  readonly changed: (changes: ObjectChanges, raw: Entry | undefined) => void;
  /** Called for each object that is listed or watched, whether or not its relevant fields have changed. */
  readonly seen: (object: Entry) => void;
  /** A list is complete. */
  readonly listed: (count: number) => void;
  readonly trouble: (trouble: Trouble) => void;
  /** The server does not know this kind, or does not allow to read it, and the watch goes on without. */
  readonly leftOut: (reason: LeftOut) => void;
  /** A watch works again after trouble. */
  readonly recovered: () => void;
}

export interface Trouble {
  readonly plural: string;
  /** `refused`: the server will refuse until credentials, permissions or API are changed. */
  readonly kind: "failed" | "refused" | "relist" | "bug";
  readonly message: string;
  /** The server could not be reached, or answers no client: the same for every node of the cluster. */
  readonly isOutage?: boolean | undefined;
  /** Milliseconds until the next attempt. */
  readonly wait: number;
}

export interface ReflectorOptions {
  readonly resource: Resource;
  readonly credentials: Credentials;
  readonly handlers: ReflectorHandlers;
  readonly times: ReflectorTimes;
  readonly signal: AbortSignal;
}

/** The progress of one reflector. */
export interface ReflectorState {
  readonly mirror: ResourceCache;
  /** Where the next watch starts; undefined: list first. */
  version: string | undefined;
  failures: number;
  /** Of the running watch, since its last event. */
  bookmarks: number;
  /** Trouble was reported, and no recovery since. */
  isTroubled: boolean;
  /** Aborts the running watch. */
  leave: AbortController;
}

/** The result of a round: undefined for success, or what was in the way. */
export type Round = RoundTrouble | LeftOut | undefined;

export interface LeftOut {
  readonly kind: "left-out";
  readonly message: string;
  /** False: the server does not know the kind, so there are no objects of it. */
  readonly isForbidden: boolean;
  /** The reason is the same as in the round before. */
  readonly isKnown: boolean;
}

export interface RoundTrouble extends Omit<Trouble, "plural" | "wait"> {
  /** The server's Retry-After in seconds. */
  readonly retryAfter?: number | undefined;
}

/** Changes are committed only if the handler did not throw; otherwise the next list delivers them again. */
export function deliver(
  handlers: ReflectorHandlers,
  { upsert, remove, commit }: Difference,
  raw: Entry | undefined,
): void {
  if (upsert.length + remove.length > 0) handlers.changed({ upsert, remove }, raw);
  commit();
}
