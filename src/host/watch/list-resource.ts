import { compareList } from "../../watch/mirror.ts";
import { isOlder } from "../../watch/watch-event.ts";
import { explainStatus } from "../live/explain-status.ts";
import { recordOf, textOf } from "../live/kubeconfig.ts";
import { listObjects } from "../live/list-objects.ts";
import { request } from "../live/request.ts";
import { fieldSelectorOf } from "../live/resources.ts";
import { deliver, type Following, type FollowState, type Round } from "./following.ts";

/** Statuses that stay until somebody changes something: no credentials, no right, no such kind. */
const refusals = new Set([401, 403, 404]);

/** Takes everything of a kind. */
export async function listResource({ resource, credentials, follower }: Following, state: FollowState): Promise<Round> {
  const connection = await credentials.current();
  if (connection.kind === "failed") return { kind: "refused", message: connection.message };
  const listed = await listObjects(connection, resource, () => {});
  if (listed.kind === "failed") {
    const { message, retryAfter, status = 0, isTls = false } = listed;
    const isRefused = refusals.has(status) || isTls;
    if (isRefused) credentials.drop(connection);
    return { kind: isRefused ? "refused" : "failed", message: `${connection.target.server}: ${message}`, retryAfter };
  }
  deliver(follower, compareList(state.mirror, listed.objects), undefined);
  for (const object of listed.objects) follower.seen(object);
  state.version = listed.version;
  follower.listed(listed.objects.length);
  return undefined;
}

/**
 * Asks where the server's versions are now: those of an etcd that was wiped or restored have gone back, and a watch of
 * a version of the future is silent.
 */
export async function checkVersion({ resource, credentials }: Following, state: FollowState): Promise<Round> {
  const connection = await credentials.current();
  if (connection.kind === "failed") return connection;
  const { target } = connection;
  const query = new URLSearchParams({ ...fieldSelectorOf(resource), limit: "1" });
  const answer = await request(connection, `${resource.path}?${query}`);
  // Not passed over: the server that is not there now may be another one in a moment.
  if (answer.kind === "failed") return { kind: "failed", message: `${target.server}: ${answer.message}` };
  if (answer.status === 401) credentials.drop(connection);
  if (answer.status !== 200) {
    const message = explainStatus(answer, { verb: "list", resource }, target);
    return { kind: "failed", message: `${target.server}: ${message}`, retryAfter: answer.retryAfter };
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
