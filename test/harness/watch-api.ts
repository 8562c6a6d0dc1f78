import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { StoredObject } from "./cluster-objects.ts";
import { send, sendStatus } from "./fake-api.ts";

const kinds: Readonly<Record<string, { readonly kind: string; readonly apiVersion: string }>> = {
  "/api/v1/services": { kind: "Service", apiVersion: "v1" },
  "/api/v1/nodes": { kind: "Node", apiVersion: "v1" },
  "/api/v1/namespaces/kube-system/configmaps": { kind: "ConfigMap", apiVersion: "v1" },
  "/apis/discovery.k8s.io/v1/endpointslices": { kind: "EndpointSlice", apiVersion: "discovery.k8s.io/v1" },
};

interface Watcher {
  readonly kind: string;
  readonly response: ServerResponse;
}

/** Answers a request in place of the server; false: the server answers. */
export type Intercept = (url: URL, response: ServerResponse, request: IncomingMessage) => boolean;

export interface WatchApi {
  readonly url: () => string;
  /** Path and query of every request so far. */
  readonly asked: string[];
  readonly headers: IncomingMessage["headers"][];
  /** What is there now. */
  readonly objects: () => readonly StoredObject[];
  readonly put: (object: StoredObject) => void;
  readonly remove: (kind: string, name: string) => void;
  /** Ends every connection, the watches too. */
  readonly cut: () => void;
  /** Ends the watches as a server does that has had enough. */
  readonly endWatches: () => void;
  /** Sends this to the watches of a kind, whatever it is. */
  readonly say: (kind: string, text: string | Uint8Array) => void;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Another etcd: these objects, and versions from the beginning. */
  readonly wipe: (objects: readonly StoredObject[], version: number) => void;
  readonly intercept: (intercept: Intercept | undefined) => void;
  readonly watches: () => number;
}

interface State {
  objects: Map<string, StoredObject>;
  version: number;
  /** Events that a watch may begin from. */
  log: { readonly version: number; readonly kind: string; readonly type: string; readonly object: StoredObject }[];
  readonly watchers: Set<Watcher>;
  intercept: Intercept | undefined;
  /** An older server does not know ServiceCIDRs. */
  readonly kinds: typeof kinds;
}

const serviceCidrs = "/apis/networking.k8s.io/v1/servicecidrs";
const kindsOfToday: typeof kinds = {
  ...kinds,
  [serviceCidrs]: { kind: "ServiceCIDR", apiVersion: "networking.k8s.io/v1" },
};

/** An API server of lists and watches that can be made to fail in every way. Ends with the test. */
export async function watchApi(
  objects: readonly StoredObject[],
  { hasServiceCidrs = false }: { readonly hasServiceCidrs?: boolean } = {},
): Promise<WatchApi> {
  const asked: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const state: State = {
    objects: new Map(),
    version: 1000,
    log: [],
    watchers: new Set(),
    intercept: undefined,
    kinds: hasServiceCidrs ? kindsOfToday : kinds,
  };
  for (const object of objects) state.objects.set(keyOf(object), object);
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://fake");
    asked.push(request.url ?? "");
    headers.push(request.headers);
    if (state.intercept?.(url, response, request) === true) return;
    answer(url, response, state);
  });
  let port = 0;
  const start = () =>
    new Promise<void>((done) => {
      server.listen(port, "127.0.0.1", () => {
        port = (server.address() as AddressInfo).port;
        done();
      });
    });
  await start();
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
      state.watchers.clear();
    });
  onTestFinished(() => (server.listening ? stop() : undefined));
  const emit = (type: string, object: StoredObject): void => {
    state.version += 1;
    const version = state.version;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    const stamped = { ...object, metadata };
    if (type === "DELETED") state.objects.delete(keyOf(object));
    else state.objects.set(keyOf(object), stamped);
    state.log.push({ version, kind: object.kind, type, object: stamped });
    if (state.log.length > 5000) state.log.shift();
    for (const { kind, response } of state.watchers) {
      if (kind === object.kind) response.write(`${JSON.stringify({ type, object: stamped })}\n`);
    }
  };
  return {
    url: () => `http://127.0.0.1:${port}`,
    asked,
    headers,
    objects: () => [...state.objects.values()],
    put: (object) => emit(state.objects.has(keyOf(object)) ? "MODIFIED" : "ADDED", object),
    remove: (kind, name) => {
      const object = [...state.objects.values()].find((one) => one.kind === kind && one.metadata.name === name);
      if (object === undefined) throw new Error(`there is no ${kind} ${name}`);
      emit("DELETED", object);
    },
    cut: () => {
      server.closeAllConnections();
      state.watchers.clear();
    },
    endWatches: () => {
      for (const { response } of state.watchers) response.end();
      state.watchers.clear();
    },
    say: (kind, text) => {
      for (const watcher of state.watchers) if (watcher.kind === kind) watcher.response.write(text);
    },
    stop,
    start,
    wipe: (others, version) => {
      state.objects = new Map(others.map((object) => [keyOf(object), object]));
      state.version = version;
      state.log = [];
      state.watchers.clear();
    },
    intercept: (intercept) => {
      state.intercept = intercept;
    },
    watches: () => state.watchers.size,
  };
}

function answer(url: URL, response: ServerResponse, state: State): void {
  const known = state.kinds[url.pathname];
  if (known === undefined) {
    sendStatus(response, 404, "not found");
    return;
  }
  const { kind, apiVersion } = known;
  if (url.searchParams.get("watch") !== "true") {
    const items = [...state.objects.values()]
      .filter((one) => one.kind === kind)
      .map(({ kind: _, apiVersion: __, ...rest }) => rest);
    const metadata = { resourceVersion: String(state.version) };
    send(response, 200, { kind: `${kind}List`, apiVersion, metadata, items });
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  const from = Number(url.searchParams.get("resourceVersion"));
  const oldest = state.log[0]?.version ?? state.version + 1;
  if (from < oldest - 1) {
    const status = { kind: "Status", code: 410, reason: "Expired", message: `too old resource version: ${from}` };
    response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    return;
  }
  // As a real one does: of a version of the future nothing is ever said.
  if (from > state.version) return;
  for (const event of state.log) {
    if (event.kind !== kind || event.version <= from) continue;
    response.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
  }
  const watcher = { kind, response };
  state.watchers.add(watcher);
  response.on("close", () => state.watchers.delete(watcher));
}

function keyOf({ kind, metadata }: StoredObject): string {
  return `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}
