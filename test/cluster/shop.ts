import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { collectedDocument, printDocument } from "../../src/reconcile/live/collected-document.ts";

import type { StoredObject } from "../harness/cluster-objects.ts";
import { cluster as manifests } from "../harness/cluster-text.ts";
import { runCli, workspace } from "../harness/run-cli.ts";
import type { SimulatedHost } from "../harness/simulated-host.ts";
import { stored } from "../harness/stored-objects.ts";

const objects = stored(manifests);
const slice = objects.find(({ kind }) => kind === "EndpointSlice") as StoredObject;

/** The EndpointSlice of shop/web with another address. */
export function webSlice(address: string): StoredObject {
  return { ...slice, endpoints: [{ addresses: [address], nodeName: "node1" }] };
}

/** Stores node1, and shop/web with its slice. */
export async function fillShop(plane: ControlPlane): Promise<void> {
  await plane.call("POST", "/api/v1/namespaces", { metadata: { name: "shop" } });
  await untilThere(plane, "/api/v1/namespaces/kube-system");
  for (const object of objects) await store(plane, object);
}

/** Creates an object, or replaces the stored one of its name. */
export async function store(plane: ControlPlane, object: StoredObject): Promise<void> {
  const isNew = (await plane.call("GET", pathOf(object))).status === 404;
  await (isNew ? create : replace)(plane, object);
}

export async function create(plane: ControlPlane, object: StoredObject): Promise<void> {
  const path = pathOf(object);
  await plane.call("POST", path.slice(0, path.lastIndexOf("/")), sentOf(object));
  if (object.kind === "Node") await plane.call("PUT", `${path}/status`, sentOf(object));
}

/** Replaces an object that is there, whatever its version. */
export async function replace(plane: ControlPlane, object: StoredObject): Promise<void> {
  await plane.call("PUT", pathOf(object), sentOf(object));
}

/** Without what only the server gives. */
function sentOf({ metadata: { name, namespace, labels }, ...rest }: StoredObject): object {
  return { ...rest, metadata: { name, namespace, labels } };
}

const plurals: Readonly<Record<string, string>> = {
  Service: "services",
  EndpointSlice: "endpointslices",
  ConfigMap: "configmaps",
  Node: "nodes",
};

function pathOf({ kind, metadata: { name, namespace } }: StoredObject): string {
  const group = kind === "EndpointSlice" ? "/apis/discovery.k8s.io/v1" : "/api/v1";
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plurals[kind]}/${name}`;
}

/** What `plan` makes of a host and of what the API server holds now: 0 when there is nothing to do. */
export async function planOf(plane: ControlPlane, host: SimulatedHost, flags: readonly string[] = []) {
  const cwd = workspace({ config: plane.kubeconfig("admin"), dump: printDocument(collectedDocument(host.dump())) });
  const node = ["--live", "--kubeconfig", "config", "--node", "node1", "--actual", "dump"];
  return runCli(["plan", ...node, ...flags], { cwd });
}

async function untilThere({ call }: ControlPlane, path: string): Promise<void> {
  for (let tries = 0; (await call("GET", path)).status !== 200; tries++) {
    if (tries > 100) throw new Error(`${path} does not come`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
