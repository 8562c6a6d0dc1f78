import type { Backoff } from "../../follow/next-sync.ts";
import type { Difference, ResourceCache } from "../../follow/resource-cache.ts";
import type { ObjectChanges } from "../../incremental/read-changes.ts";
import type { Credentials } from "./credentials.ts";
import type { Entry } from "./kubeconfig.ts";
import type { Resource } from "./resources.ts";

/** How long things may take, in milliseconds. */
export interface ReflectorTimes {
  /** Until a watch is answered. */
  readonly answer: number;
  /** Without a byte. Bookmarks of an API server come up to 75 s apart. */
  readonly silence: number;
  /** After which the server is asked to end a watch. */
  readonly length: number;
  /** Between the beginnings of two watches. */
  readonly apart: number;
  readonly retry: Backoff;
}

export const usualTimes: ReflectorTimes = {
  answer: 10_000,
  silence: 120_000,
  length: 300_000,
  apart: 500,
  retry: { first: 250, most: 30_000 },
};

/** What somebody who follows a kind hears of it. */
export interface ReflectorHandlers {
  /** What has changed on the server. `raw`: the object of an event; undefined for what a list has shown. */
  readonly changed: (changes: ObjectChanges, raw: Entry | undefined) => void;
  /** An object as it is now, whether anything that matters has changed or not. */
  readonly seen: (object: Entry) => void;
  /** A list has been taken whole. */
  readonly listed: (count: number) => void;
  readonly trouble: (trouble: Trouble) => void;
  /** The server answers a watch, after trouble. */
  readonly recovered: () => void;
}

export interface Trouble {
  readonly plural: string;
  /** `refused`: by a server that will go on refusing until somebody changes something. */
  readonly kind: "failed" | "refused" | "relist" | "bug";
  readonly message: string;
  /** Milliseconds until the next try. */
  readonly wait: number;
}

export interface ReflectorOptions {
  readonly resource: Resource;
  readonly credentials: Credentials;
  readonly handlers: ReflectorHandlers;
  readonly times: ReflectorTimes;
  readonly signal: AbortSignal;
}

/** How far a kind has been followed. */
export interface ReflectorState {
  readonly mirror: ResourceCache;
  /** Where the next watch goes on; undefined: a list is due. */
  version: string | undefined;
  failures: number;
  /** Trouble has been told of, and no recovery since. */
  isTroubled: boolean;
  /** Ends the watch that runs. */
  leave: AbortController;
}

/** How a round ended: all is well, or what is wrong. */
export type Round = RoundTrouble | undefined;

export interface RoundTrouble extends Omit<Trouble, "plural" | "wait"> {
  /** Seconds that the server asks to wait. */
  readonly retryAfter?: number | undefined;
}

/** Only what was taken without an exception is known; the rest comes again with the next list. */
export function deliver(
  handlers: ReflectorHandlers,
  { upsert, remove, commit }: Difference,
  raw: Entry | undefined,
): void {
  if (upsert.length + remove.length > 0) handlers.changed({ upsert, remove }, raw);
  commit();
}
