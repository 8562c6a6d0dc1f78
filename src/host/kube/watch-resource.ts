import { compareList, compareObject } from "../../follow/resource-cache.ts";
import { isOlder, parseWatchEvent } from "../../follow/watch-event.ts";
import type { Connection } from "./connect.ts";
import { explainStatus } from "./explain-status.ts";
import { recordOf, textOf } from "./kubeconfig.ts";
import { createRoom, isOutage, listObjects } from "./list-objects.ts";
import { readStream, type StreamEnd } from "./read-stream.ts";
import { deliver, type ReflectorOptions, type ReflectorState, type ReflectorTimes, type Round } from "./reflector.ts";
import { request } from "./request.ts";
import { fieldSelectorOf, isLeftOut, leftOutText, type Resource } from "./resources.ts";

/** Watches a kind and delivers its changes until the watch ends. */
export async function watchResource(options: ReflectorOptions, state: ReflectorState): Promise<Round> {
  const { resource, credentials, times } = options;
  const connection = await credentials.current();
  if (connection.kind === "failed") return connection;
  let found: Round;
  state.bookmarks = 0;
  const take = (line: string): boolean => {
    found = takeLine(line, options, state);
    if (found !== undefined) state.version = undefined;
    return found === undefined;
  };
  const end = await readStream({
    connection,
    path: watchPath(resource, state.version ?? "", times),
    patience: times.answer,
    silence: times.silence,
    length: times.length + times.grace,
    signal: state.leave.signal,
    opened: () => {
      if (state.isTroubled) options.handlers.recovered();
      state.isTroubled = false;
    },
    take,
  });
  return found ?? troubleOf(end, options, { state, connection });
}

function watchPath(resource: Resource, version: string, { length }: ReflectorTimes): string {
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: version,
    // A random factor, so that not all watches end at once.
    timeoutSeconds: String(Math.ceil((length * (0.8 + 0.2 * Math.random())) / 1000)),
    ...fieldSelectorOf(resource),
  });
  return `${resource.path}?${query}`;
}

/** Without an event between them. A server sends one a minute. */
const mostBookmarks = 1000;

function takeLine(line: string, { resource, handlers }: ReflectorOptions, state: ReflectorState): Round {
  const event = parseWatchEvent(line);
  if (event.kind === "garbage") return { kind: "relist", message: "a line of the watch is not an event" };
  if (event.kind === "gone") return { kind: "relist", message: event.message };
  if (event.kind === "refused") return { kind: "failed", message: event.message };
  if (isOlder(event.version, state.version ?? "")) {
    return { kind: "relist", message: `versions went back, from ${state.version} to ${event.version}` };
  }
  state.version = event.version;
  if (event.kind === "bookmark") {
    state.bookmarks += 1;
    if (state.bookmarks <= mostBookmarks) return undefined;
    return { kind: "failed", message: "the watch sends bookmarks without end" };
  }
  const object = { ...event.object, apiVersion: resource.apiVersion, kind: resource.kind };
  try {
    deliver(handlers, compareObject(state.mirror, object, event.kind === "removed"), event.object);
    if (event.kind === "stored") handlers.seen(event.object);
  } catch (error) {
    return { kind: "bug", message: error instanceof Error ? error.message : String(error) };
  }
  state.bookmarks = 0;
  state.failures = 0;
  return undefined;
}

interface Watched {
  readonly state: ReflectorState;
  readonly connection: Connection;
}

function troubleOf(
  end: StreamEnd,
  { resource, credentials, times }: ReflectorOptions,
  { state, connection }: Watched,
): Round {
  const { target } = connection;
  switch (end.kind) {
    case "ended":
    case "stopped":
      state.failures = 0;
      return undefined;
    case "silent":
      // After a restore of etcd, a watch from a future version never sends an event.
      state.version = undefined;
      return { kind: "relist", message: `no data for ${times.silence / 1000} s` };
    case "broken":
      return { kind: "failed", message: `${target.server}: ${end.message}`, isOutage: end.isOutage };
    case "status": {
      if (end.status === 401) credentials.drop(connection);
      const isGone = end.status === 410 || end.status === 504 || end.status === 400;
      if (isGone) state.version = undefined;
      const answer = { ...end, kind: "answer" as const };
      const message = isGone
        ? `the server cannot watch from this version: status ${end.status}`
        : explainStatus(answer, { verb: "watch", resource }, target);
      if (isLeftOut(resource, end.status)) {
        // Listed again later: changes arrive late, but they do.
        state.version = undefined;
        return {
          kind: "left-out",
          message: leftOutText(resource, message),
          isForbidden: end.status === 403,
          isKnown: state.isTroubled,
        };
      }
      const { retryAfter } = end;
      const kind = isGone ? "relist" : "failed";
      return { kind, message: `${target.server}: ${message}`, retryAfter, isOutage: !isGone && isOutage(end.status) };
    }
  }
}

/** Statuses that a retry cannot change: no credentials, no permission, no such kind. */
const refusals = new Set([401, 403, 404]);

/** Lists all objects of a kind. */
export async function listResource(
  { resource, credentials, handlers }: ReflectorOptions,
  state: ReflectorState,
): Promise<Round> {
  const connection = await credentials.current();
  if (connection.kind === "failed") return { kind: "refused", message: connection.message };
  const listed = await listObjects(connection, resource, { onCount: () => {}, room: createRoom() });
  if (listed.kind === "failed") {
    const { message, retryAfter, status = 0, isTls = false, isOutage: isOut } = listed;
    if (isLeftOut(resource, status)) {
      const isForbidden = status === 403;
      // What was read while it was allowed still counts.
      if (!isForbidden) deliver(handlers, compareList(state.mirror, []), undefined);
      return { kind: "left-out", message: leftOutText(resource, message), isForbidden, isKnown: state.isTroubled };
    }
    const isRefused = refusals.has(status) || isTls;
    if (isRefused) credentials.drop(connection);
    const kind = isRefused ? "refused" : "failed";
    return { kind, message: `${connection.target.server}: ${message}`, retryAfter, isOutage: isOut };
  }
  deliver(handlers, compareList(state.mirror, listed.objects), undefined);
  for (const object of listed.objects) handlers.seen(object);
  state.version = listed.version;
  handlers.listed(listed.objects.length);
  return undefined;
}

/**
 * Checks the server's current resourceVersion. After etcd was wiped or restored it is lower, and a watch from a future
 * version never sends an event.
 */
export async function checkVersion({ resource, credentials }: ReflectorOptions, state: ReflectorState): Promise<Round> {
  const connection = await credentials.current();
  if (connection.kind === "failed") return connection;
  const { target } = connection;
  const query = new URLSearchParams({ ...fieldSelectorOf(resource), limit: "1" });
  const answer = await request(connection, `${resource.path}?${query}`);
  // A failure here ends the round: the server may be replaced at any moment.
  if (answer.kind === "failed") {
    return { kind: "failed", message: `${target.server}: ${answer.message}`, isOutage: answer.isOutage };
  }
  if (answer.status === 401) credentials.drop(connection);
  if (answer.status !== 200) {
    const message = explainStatus(answer, { verb: "list", resource }, target);
    const { retryAfter, status } = answer;
    return { kind: "failed", message: `${target.server}: ${message}`, retryAfter, isOutage: isOutage(status) };
  }
  const version = versionIn(answer.body);
  if (state.version === undefined || !isOlder(version, state.version)) return undefined;
  const message = `versions went back, from ${state.version} to ${version}`;
  state.version = undefined;
  return { kind: "relist", message };
}

function versionIn(body: string): string {
  try {
    return textOf(recordOf(recordOf(JSON.parse(body)).metadata).resourceVersion);
  } catch {
    return "";
  }
}
