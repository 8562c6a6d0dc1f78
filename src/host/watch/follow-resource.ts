import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectChanges } from "../../incremental/read-changes.ts";
import { type Backoff, waitAfter } from "../../watch/backoff.ts";
import {
  compareList,
  compareObject,
  createMirror,
  type Difference,
  forgetContents,
  type Mirror,
} from "../../watch/mirror.ts";
import { isOlder, parseWatchEvent } from "../../watch/watch-event.ts";
import { explainStatus } from "../live/explain-status.ts";
import type { Entry } from "../live/kubeconfig.ts";
import { listObjects } from "../live/list-objects.ts";
import type { Resource } from "../live/resources.ts";
import type { Credentials } from "./credentials.ts";
import { readStream, type StreamEnd } from "./read-stream.ts";

/** How long things may take, in milliseconds. */
export interface FollowTimes {
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

export const usualTimes: FollowTimes = {
  answer: 10_000,
  silence: 120_000,
  length: 300_000,
  apart: 500,
  retry: { first: 250, most: 30_000 },
};

/** What somebody who follows a kind hears of it. */
export interface Follower {
  /** What has changed on the server. `raw`: the object of an event; undefined for what a list has shown. */
  readonly changed: (changes: ObjectChanges, raw: Entry | undefined) => void;
  /** An object as it is now, whether anything that matters has changed or not. */
  readonly seen: (object: Entry) => void;
  /** A list has been taken whole. */
  readonly listed: (count: number) => void;
  readonly trouble: (trouble: Trouble) => void;
}

export interface Trouble {
  readonly plural: string;
  /** `refused`: by a server that will go on refusing until somebody changes something. */
  readonly kind: "failed" | "refused" | "relist" | "bug";
  readonly message: string;
  /** Milliseconds until the next try. */
  readonly wait: number;
}

export interface Following {
  readonly resource: Resource;
  readonly credentials: Credentials;
  readonly follower: Follower;
  readonly times: FollowTimes;
  readonly signal: AbortSignal;
}

export interface Followed {
  /** Takes everything again, as if nothing were known but the names. */
  readonly restart: () => void;
  /** Never fails; ends when the signal says so. */
  readonly done: Promise<void>;
}

interface State {
  readonly mirror: Mirror;
  /** Where the next watch goes on; undefined: a list is due. */
  version: string | undefined;
  failures: number;
  /** Ends the watch that runs. */
  leave: AbortController;
}

/** How a round ended: all is well, or what is wrong. */
type Round = Omit<Trouble, "plural" | "wait"> | undefined;

/** Keeps up with one kind of object of an API server, whatever becomes of the server or of the way there. */
export function followResource(following: Following): Followed {
  const state: State = {
    mirror: createMirror(following.resource.kind),
    version: undefined,
    failures: 0,
    leave: new AbortController(),
  };
  following.signal.addEventListener("abort", () => state.leave.abort());
  return {
    restart: () => {
      forgetContents(state.mirror);
      state.version = undefined;
      state.leave.abort();
    },
    done: follow(following, state),
  };
}

async function follow(following: Following, state: State): Promise<void> {
  const { times, signal, follower, resource } = following;
  while (!signal.aborted) {
    const began = performance.now();
    state.leave = new AbortController();
    const trouble = await round(following, state).catch(
      (error: unknown): Round => ({ kind: "bug", message: error instanceof Error ? error.message : String(error) }),
    );
    if (signal.aborted) return;
    let wait = Math.max(0, times.apart - (performance.now() - began));
    if (trouble !== undefined) {
      state.failures += 1;
      wait = waitAfter(state.failures, times.retry, Math.random());
      follower.trouble({ ...trouble, plural: resource.plural, wait });
    }
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
}

async function round(following: Following, state: State): Promise<Round> {
  if (state.version === undefined) {
    const trouble = await list(following, state);
    if (trouble !== undefined) return trouble;
  }
  return watch(following, state);
}

async function list({ resource, credentials, follower }: Following, state: State): Promise<Round> {
  const connection = await credentials.current();
  if (connection.kind === "failed") return connection;
  const listed = await listObjects(connection, resource, () => {});
  if (listed.kind === "failed") {
    const isRefused = /\b401\b|forbidden|it has no /.test(listed.message);
    if (isRefused) credentials.drop();
    return { kind: isRefused ? "refused" : "failed", message: `${connection.target.server}: ${listed.message}` };
  }
  deliver(follower, compareList(state.mirror, listed.objects), undefined);
  for (const object of listed.objects) follower.seen(object);
  state.version = listed.version;
  follower.listed(listed.objects.length);
  return undefined;
}

/** Only what was taken without an exception is known; the rest comes again with the next list. */
function deliver(follower: Follower, { upsert, remove, commit }: Difference, raw: Entry | undefined): void {
  if (upsert.length + remove.length > 0) follower.changed({ upsert, remove }, raw);
  commit();
}

async function watch(following: Following, state: State): Promise<Round> {
  const { resource, credentials, times } = following;
  const connection = await credentials.current();
  if (connection.kind === "failed") return connection;
  let found: Round;
  const take = (line: string): boolean => {
    found = takeLine(line, following, state);
    if (found !== undefined) state.version = undefined;
    return found === undefined;
  };
  const end = await readStream({
    connection,
    path: watchPath(resource, state.version ?? "", times),
    patience: times.answer,
    silence: times.silence,
    signal: state.leave.signal,
    take,
  });
  return found ?? troubleOf(end, following, state, connection.target);
}

function watchPath({ path, selector }: Resource, version: string, { length }: FollowTimes): string {
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: version,
    // Not all at once.
    timeoutSeconds: String(Math.ceil((length * (0.8 + 0.2 * Math.random())) / 1000)),
    ...(selector === undefined ? {} : { fieldSelector: selector }),
  });
  return `${path}?${query}`;
}

function takeLine(line: string, { resource, follower }: Following, state: State): Round {
  const event = parseWatchEvent(line);
  if (event.kind === "garbage") return { kind: "relist", message: "a line of the watch is no event" };
  if (event.kind === "gone") return { kind: "relist", message: event.message };
  if (event.kind === "refused") return { kind: "failed", message: event.message };
  if (isOlder(event.version, state.version ?? "")) {
    return { kind: "relist", message: `versions went back, from ${state.version} to ${event.version}` };
  }
  if (event.kind !== "bookmark") {
    const object = { ...event.object, apiVersion: resource.apiVersion, kind: resource.kind };
    try {
      deliver(follower, compareObject(state.mirror, object, event.kind === "removed"), event.object);
      if (event.kind === "stored") follower.seen(event.object);
    } catch (error) {
      return { kind: "bug", message: error instanceof Error ? error.message : String(error) };
    }
  }
  state.version = event.version;
  state.failures = 0;
  return undefined;
}

type Target = Parameters<typeof explainStatus>[2];

function troubleOf(end: StreamEnd, { resource, credentials, times }: Following, state: State, target: Target): Round {
  switch (end.kind) {
    case "ended":
    case "stopped":
      state.failures = 0;
      return undefined;
    case "silent":
      // After an etcd was restored a watch of a version of the future says nothing, for ever.
      state.version = undefined;
      return { kind: "relist", message: `nothing came for ${times.silence / 1000} s` };
    case "broken":
      return { kind: "failed", message: `${target.server}: ${end.message}` };
    case "status": {
      if (end.status === 401) credentials.drop();
      const isGone = end.status === 410 || end.status === 504 || end.status === 400;
      if (isGone) state.version = undefined;
      const answer = { ...end, kind: "answer" as const };
      const message = isGone
        ? `it cannot watch from there: status ${end.status}`
        : explainStatus(answer, resource, target);
      return { kind: isGone ? "relist" : "failed", message: `${target.server}: ${message}` };
    }
  }
}
