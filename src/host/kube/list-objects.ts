import { setTimeout as sleep } from "node:timers/promises";
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

/** Lists all objects of a kind, page by page, or gets the one that is named; empty if that does not exist. */
export async function listObjects(
  connection: Connection,
  resource: Resource,
  onCount: (count: number) => void,
): Promise<Listed | Failed> {
  for (let start = 1; start <= mostStarts; start++) {
    const listed = resource.object === undefined ? await listPages(connection, resource, onCount) : undefined;
    const result = listed ?? (await readObject(connection, resource));
    if (result.kind !== "gone") return result;
  }
  return failed(`the list of ${resource.plural} went stale ${mostStarts} times before its last page (410 Gone)`);
}

interface Gone {
  readonly kind: "gone";
}

async function listPages(
  connection: Connection,
  resource: Resource,
  onCount: (count: number) => void,
): Promise<Listed | Failed | Gone> {
  const objects: Entry[] = [];
  let continueAt = "";
  let version = "";
  do {
    const next = continueAt === "" ? {} : { continue: continueAt };
    const query = new URLSearchParams({ ...fieldSelectorOf(resource), limit: String(pageSize), ...next });
    const answer = await ask(connection, `${resource.path}?${query}`);
    if (answer.kind === "failed") return answer;
    if (answer.status === 410) return { kind: "gone" };
    if (answer.status !== 200) return refusal(answer, { verb: "list", resource }, connection);
    const page = parsePage(answer, resource);
    if (page.kind === "failed") return page;
    // Pushed one by one: if a server ignores the limit, a page may exceed the maximum number of arguments.
    for (const item of page.items) objects.push({ ...item, apiVersion: resource.apiVersion, kind: resource.kind });
    onCount(objects.length);
    version = page.version;
    continueAt = page.continueAt;
  } while (continueAt !== "");
  return { kind: "listed", objects, version };
}

function refusal(answer: Answer, query: ApiQuery, { target }: Connection): Failed {
  const { status, retryAfter } = answer;
  return { ...failed(explainStatus(answer, query, target)), retryAfter, status };
}

async function readObject(connection: Connection, resource: Resource): Promise<Listed | Failed> {
  const answer = await ask(connection, resource.path);
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
    return isRecord(value) ? value : undefined;
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
async function ask(connection: Connection, path: string): Promise<Answer | Failed> {
  const { signal } = connection.options;
  for (let tries = 1; ; tries++) {
    const answer = await request(connection, path);
    const isBusy = answer.kind === "answer" && (answer.status === 429 || answer.status === 503);
    if (!isBusy || answer.retryAfter === undefined || tries === mostTries) return answer;
    await sleep(1000 * Math.min(answer.retryAfter, longestWait), undefined, { signal }).catch(() => {});
    if (signal?.aborted === true) return answer;
  }
}
