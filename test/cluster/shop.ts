import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { printHostDump } from "../../src/changes/host-dump.ts";
import type { SimulatedHost } from "../changes/simulated-host.ts";
import { cluster as manifests } from "../cli/clusters.ts";
import { runCli, workspace } from "../cli/run-cli.ts";
import type { StoredObject } from "../host/live/fake-api.ts";
import { stored } from "../host/live/objects.ts";

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

/** Creates an object, or replaces what there is by its name. */
export async function store(plane: ControlPlane, { metadata, ...rest }: StoredObject): Promise<void> {
  const { name, namespace, labels } = metadata;
  const object = { ...rest, metadata: { name, namespace, labels } };
  const path = pathOf(rest.kind, namespace);
  const found = await plane.call("GET", `${path}/${name}`);
  await (found.status === 404 ? plane.call("POST", path, object) : plane.call("PUT", `${path}/${name}`, object));
  if (rest.kind === "Node") await plane.call("PUT", `${path}/${name}/status`, object);
}

const plurals: Readonly<Record<string, string>> = {
  Service: "services",
  EndpointSlice: "endpointslices",
  ConfigMap: "configmaps",
  Node: "nodes",
};

/** Where the objects of a kind are, of a namespace if they have one. */
export function pathOf(kind: string, namespace: unknown): string {
  const group = kind === "EndpointSlice" ? "/apis/discovery.k8s.io/v1" : "/api/v1";
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plurals[kind]}`;
}

/** What `plan` makes of a host and of what the API server holds now: 0 when there is nothing to do. */
export async function planOf(plane: ControlPlane, host: SimulatedHost, flags: readonly string[] = []) {
  const cwd = workspace({ config: plane.kubeconfig("admin"), dump: printHostDump(host.dump()) });
  const node = ["--live", "--kubeconfig", "config", "--node", "node1", "--actual", "dump"];
  return runCli(["plan", ...node, ...flags], { cwd });
}

async function untilThere({ call }: ControlPlane, path: string): Promise<void> {
  for (let tries = 0; (await call("GET", path)).status !== 200; tries++) {
    if (tries > 100) throw new Error(`${path} does not come`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
