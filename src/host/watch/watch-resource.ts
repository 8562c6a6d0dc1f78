import { compareObject } from "../../watch/mirror.ts";
import { isOlder, parseWatchEvent } from "../../watch/watch-event.ts";
import type { Connection } from "../live/connect.ts";
import { explainStatus } from "../live/explain-status.ts";
import { fieldSelectorOf, type Resource } from "../live/resources.ts";
import { deliver, type Following, type FollowState, type FollowTimes, type Round } from "./following.ts";
import { readStream, type StreamEnd } from "./read-stream.ts";

/** Takes the changes of a kind as they come, until something ends that. */
export async function watchResource(following: Following, state: FollowState): Promise<Round> {
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
    opened: () => {
      if (state.isTroubled) following.follower.recovered();
      state.isTroubled = false;
    },
    take,
  });
  return found ?? troubleOf(end, following, { state, connection });
}

function watchPath(resource: Resource, version: string, { length }: FollowTimes): string {
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: version,
    // Not all at once.
    timeoutSeconds: String(Math.ceil((length * (0.8 + 0.2 * Math.random())) / 1000)),
    ...fieldSelectorOf(resource),
  });
  return `${resource.path}?${query}`;
}

function takeLine(line: string, { resource, follower }: Following, state: FollowState): Round {
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

interface Watched {
  readonly state: FollowState;
  readonly connection: Connection;
}

function troubleOf(end: StreamEnd, { resource, credentials, times }: Following, { state, connection }: Watched): Round {
  const { target } = connection;
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
      if (end.status === 401) credentials.drop(connection);
      const isGone = end.status === 410 || end.status === 504 || end.status === 400;
      if (isGone) state.version = undefined;
      const answer = { ...end, kind: "answer" as const };
      const message = isGone
        ? `it cannot watch from there: status ${end.status}`
        : explainStatus(answer, { verb: "watch", resource }, target);
      const { retryAfter } = end;
      return { kind: isGone ? "relist" : "failed", message: `${target.server}: ${message}`, retryAfter };
    }
  }
}
