import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { StoredObject } from "./cluster-objects.ts";

/** Answers a request in place of the server; false: the server answers as it would. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export interface FakeApi {
  readonly url: string;
  readonly port: number;
  /** Path and query of every request so far. */
  readonly asked: string[];
  readonly headers: IncomingMessage["headers"][];
}

const paths: Readonly<Record<string, { readonly kind: string; readonly apiVersion: string }>> = {
  "/api/v1/services": { kind: "Service", apiVersion: "v1" },
  "/api/v1/nodes": { kind: "Node", apiVersion: "v1" },
  "/api/v1/pods": { kind: "Pod", apiVersion: "v1" },
  "/apis/discovery.k8s.io/v1/endpointslices": { kind: "EndpointSlice", apiVersion: "discovery.k8s.io/v1" },
};

export interface FakeApiOptions {
  readonly tls?: ServerOptions;
  readonly intercept?: Interceptor;
  /** The token without which nobody gets anything. */
  readonly token?: string;
}

/** A server of lists, page by page, that ends with the test. Items carry no kind, as those of a real one. */
export async function fakeApi(
  objects: readonly StoredObject[],
  { tls, intercept, token }: FakeApiOptions = {},
): Promise<FakeApi> {
  const asked: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(request.url ?? "");
    headers.push(request.headers);
    if (intercept?.(request, response, asked.length) === true) return;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      sendStatus(response, 401, "Unauthorized");
    } else answerList(new URL(request.url ?? "", "http://fake"), objects, response);
  };
  const server: Server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`, port, asked, headers };
}

function answerList(url: URL, objects: readonly StoredObject[], response: ServerResponse): void {
  const list = paths[url.pathname];
  if (list === undefined) {
    answerObject(url.pathname, objects, response);
    return;
  }
  const limit = Number(url.searchParams.get("limit") ?? 0) || Number.POSITIVE_INFINITY;
  const from = Number(url.searchParams.get("continue") ?? 0);
  const all = objects.filter(({ kind }) => kind === list.kind);
  const items = all.slice(from, from + limit).map(({ kind: _, apiVersion: __, ...rest }) => rest);
  const next = from + items.length < all.length ? String(from + items.length) : "";
  const metadata = { resourceVersion: String(1000 + Math.floor(Math.random() * 1000)), continue: next };
  send(response, 200, { kind: `${list.kind}List`, apiVersion: list.apiVersion, metadata, items });
}

function answerObject(path: string, objects: readonly StoredObject[], response: ServerResponse): void {
  const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/configmaps\/([^/]+)$/.exec(path) ?? [];
  const found = objects.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.namespace === namespace && metadata.name === name,
  );
  if (found === undefined) sendStatus(response, 404, `${path} not found`);
  else send(response, 200, found);
}

export function sendStatus(response: ServerResponse, code: number, message: string): void {
  send(response, code, { kind: "Status", apiVersion: "v1", status: "Failure", message, code });
}

export function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

export interface ConfigParts {
  readonly server: string;
  readonly cluster?: object;
  readonly user?: object;
}

/** A kubeconfig with the one context `test`. JSON is YAML too. */
export function kubeconfig({ server, cluster = {}, user = {} }: ConfigParts): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "c1", user: "u1" } }],
    clusters: [{ name: "c1", cluster: { server, ...cluster } }],
    users: [{ name: "u1", user }],
  });
}
