import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { isTooDeep } from "../../model/documents/text-limits.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { Connection } from "./connect.ts";
import { type ApiQuery, explainStatus } from "./explain-status.ts";
import { type Entry, type Failed, failed, textOf } from "./kubeconfig.ts";
import { type Answer, request } from "./request.ts";
import { fieldSelectorOf, type Resource } from "./resources.ts";

export interface Listed {
  readonly kind: "listed";
  readonly objects: readonly Entry[];
  /** The resourceVersion of the list, where a watch can start. Empty for a single object. */
  readonly version: string;
}

/** Objects per page: this limits the memory that server and client need. */
const pageSize = 500;

/** If a continue token expires, the list starts again; this limits how often. */
const mostStarts = 5;

/** More pages than any cluster has: a server whose lists never end is not what it should be. */
const mostPages = 5000;

/** The text that may still be received, in bytes. Objects in memory take a few times as much. */
export interface Room {
  bytes: number;
}

/** For lists that are held in memory together. */
export function createRoom(): Room {
  return { bytes: getHeapStatistics().heap_size_limit / 4 };
}

export interface ListOptions {
  readonly onCount: (count: number) => void;
  readonly room: Room;
}

/**
 * Lists all objects of a kind, page by page, or gets the one that is named; empty if that does not exist. Time, pages and
 * bytes are bounded for the whole list, since a server may send pages without end.
 */
export async function listObjects(
  connection: Connection,
  resource: Resource,
  options: ListOptions,
): Promise<Listed | Failed> {
  const { patience, listPatience = patience } = connection;
  const deadline = listPatience === undefined ? undefined : performance.now() + listPatience;
  const asking: Asking = { ...options, connection, resource, deadline };
  for (let start = 1; start <= mostStarts; start++) {
    const result = resource.object === undefined ? await listPages(asking) : await readObject(asking);
    if (result.kind !== "gone") return result;
  }
  return failed(`the list of ${resource.plural} went stale ${mostStarts} times before its last page (410 Gone)`);
}

interface Gone {
  readonly kind: "gone";
}

interface Asking extends ListOptions {
  readonly connection: Connection;
  readonly resource: Resource;
  /** On the clock of `performance`; undefined: none. */
  readonly deadline: number | undefined;
}

async function listPages(asking: Asking): Promise<Listed | Failed | Gone> {
  const { connection, resource } = asking;
  const objects: Entry[] = [];
  let continueAt = "";
  let version = "";
  for (let pages = 1; pages <= mostPages; pages++) {
    const next = continueAt === "" ? {} : { continue: continueAt };
    const query = new URLSearchParams({ ...fieldSelectorOf(resource), limit: String(pageSize), ...next });
    const answer = await ask(asking, `${resource.path}?${query}`);
    if (answer.kind === "failed") return answer;
    if (answer.status === 410) return { kind: "gone" };
    if (answer.status !== 200) return refusal(answer, { verb: "list", resource }, connection);
    const page = parsePage(answer, resource);
    if (page.kind === "failed") return page;
    // Pushed one by one: if a server ignores the limit, a page may exceed the maximum number of arguments.
    for (const item of page.items) objects.push({ ...item, apiVersion: resource.apiVersion, kind: resource.kind });
    asking.onCount(objects.length);
    version = page.version;
    continueAt = page.continueAt;
    if (continueAt === "") return { kind: "listed", objects, version };
  }
  return failed(`the list of ${resource.plural} has more than ${mostPages} pages: the server does not end it`);
}

/** The server says that it answers no client: too many requests, or an error of its own. */
export function isOutage(status: number): boolean {
  return status === 429 || status >= 500;
}

function refusal(answer: Answer, query: ApiQuery, { target }: Connection): Failed {
  const { status, retryAfter } = answer;
  return { ...failed(explainStatus(answer, query, target)), retryAfter, status, isOutage: isOutage(status) };
}

async function readObject(asking: Asking): Promise<Listed | Failed> {
  const { connection, resource } = asking;
  const answer = await ask(asking, resource.path);
  if (answer.kind === "failed") return answer;
  if (answer.status === 404) return { kind: "listed", objects: [], version: "" };
  if (answer.status !== 200) return refusal(answer, { verb: "get", resource }, connection);
  const value = parseBody(answer);
  if (value?.kind === resource.kind) return { kind: "listed", objects: [value], version: "" };
  return failed(notWhatWasAsked(answer, resource));
}

interface Page {
  readonly kind: "page";
  readonly items: readonly Entry[];
  readonly continueAt: string;
  readonly version: string;
}

function parsePage(answer: Answer, resource: Resource): Page | Failed {
  const value = parseBody(answer);
  const { items = [], metadata = {} } = value ?? {};
  // A server written in Go may encode an empty list as null.
  const list = items === null ? [] : items;
  const isList = value?.kind === `${resource.kind}List` && Array.isArray(list) && list.every(isRecord);
  if (!isList) return failed(notWhatWasAsked(answer, resource));
  const { continue: next, resourceVersion } = isRecord(metadata) ? metadata : {};
  return { kind: "page", items: list, continueAt: textOf(next), version: textOf(resourceVersion) };
}

function parseBody({ body }: Answer): Entry | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) && !isTooDeep(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function notWhatWasAsked(answer: Answer, { plural, object }: Resource): string {
  const what = object === undefined ? `a list of ${plural}` : `the ConfigMap ${object.namespace}/${object.name}`;
  const got = parseBody(answer) === undefined ? "invalid or incomplete JSON" : "something else";
  return `the server returned ${got} instead of ${what}; is it a Kubernetes API server?`;
}

const mostTries = 4;
const longestWait = 10;

/** A server that is overloaded sends the time after which to retry. */
async function ask(asking: Asking, path: string): Promise<Answer | Failed> {
  const { connection, deadline, room, resource } = asking;
  const { patience = Number.POSITIVE_INFINITY, options } = connection;
  for (let tries = 1; ; tries++) {
    const left = deadline === undefined ? patience : Math.ceil(deadline - performance.now());
    if (left <= 0) return tooLate(asking);
    const most = Math.min(left, patience);
    const answer = await request({ ...connection, patience: Number.isFinite(most) ? most : undefined }, path);
    if (answer.kind === "failed") {
      const isCut = left < patience && deadline !== undefined && performance.now() >= deadline;
      return isCut ? { ...tooLate(asking), isOutage: answer.isOutage ?? false } : answer;
    }
    room.bytes -= answer.body.length;
    if (room.bytes < 0) return failed(`the list of ${resource.plural} is larger than this process can hold`);
    const isBusy = answer.status === 429 || answer.status === 503;
    if (!isBusy || answer.retryAfter === undefined || tries === mostTries) return answer;
    const wait = Math.min(1000 * Math.min(answer.retryAfter, longestWait), left);
    await sleep(wait, undefined, { signal: options.signal }).catch(() => {});
    if (options.signal?.aborted === true) return answer;
  }
}

function tooLate({ connection, resource }: Asking): Failed {
  const { patience = 0, listPatience = patience } = connection;
  const hint = "(--request-timeout)";
  return failed(`the list of ${resource.plural} did not end within ${listPatience / 1000} s ${hint}`);
}
