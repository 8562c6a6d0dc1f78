import { describeObject } from "../../diagnostics/diagnostic.ts";
import { at, type Place } from "../../diagnostics/place.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { InputObject } from "../../model/flatten-documents.ts";

/** A Pod, or a workload with a Pod template: the facts that Services depend on. */
export interface PodSource {
  /** `Deployment shop/web` */
  readonly object: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  /** Of a Pod: its node; undefined where it has none yet, and of a template. */
  readonly node: string | undefined;
  /** Of a Pod: when it started, as RFC 3339; empty where that is unknown. */
  readonly startTime: string;
  /** The addresses of a Pod. */
  readonly addresses: readonly string[];
  /** It is scaled to zero, or has completed. */
  readonly isIdle: boolean;
  /** The workload it belongs to, by its controllers: `Deployment shop/web`; undefined of a Pod without one. */
  readonly workload: string | undefined;
  /** The names of its containers. */
  readonly containers: readonly string[];
  readonly ports: readonly ContainerPort[];
  /** The port numbers that probes of its containers connect to. */
  readonly probedPorts: readonly number[];
}

export interface ContainerPort {
  readonly name: string | undefined;
  readonly protocol: string;
  readonly containerPort: number | undefined;
  /** In the host's network every port is one of the host. */
  readonly hostPort: number | undefined;
  /** As written; empty: every address of the host. */
  readonly hostIp: string;
  /** It is a port of a sidecar: an init container that keeps running. */
  readonly isOfSidecar: boolean;
  readonly place: Place;
}

type Value = Readonly<Record<string, unknown>>;

/** The path of the Pod template in each kind; a Pod is its own template. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

const groups = new Set(["v1", "apps/v1", "batch/v1"]);

/** Reads Pods and workloads tolerantly: a field with an unexpected shape is ignored. */
export function readPodSources(objects: readonly InputObject[]): readonly PodSource[] {
  const controllers = readControllers(objects);
  return objects.flatMap(({ kind, apiVersion, value, place }) => {
    const path = Object.hasOwn(templates, kind) && groups.has(apiVersion) ? templates[kind] : undefined;
    const metadata = value.metadata;
    if (path === undefined || !isRecord(metadata) || typeof metadata.name !== "string") return [];
    let pod: unknown = value;
    for (const key of path) pod = isRecord(pod) ? pod[key] : undefined;
    if (!isRecord(pod)) return [];
    const namespace =
      typeof metadata.namespace === "string" && metadata.namespace !== "" ? metadata.namespace : "default";
    const object = describeObject(kind, namespace, metadata.name);
    const workload = rootOf(object, controllers) ?? (kind === "Pod" ? undefined : object);
    return [{ object, namespace, isIdle: isIdle(value), workload, ...readPod(pod, path.reduce<Place>(at, place)) }];
  });
}

/** The controller of each object that has one. */
function readControllers(objects: readonly InputObject[]): ReadonlyMap<string, string> {
  const controllers = new Map<string, string>();
  for (const { kind, value } of objects) {
    const { metadata } = value;
    if (!isRecord(metadata) || typeof metadata.name !== "string") continue;
    const owner = recordsOf(metadata.ownerReferences).find(({ record }) => record.controller !== false)?.record;
    // A Node controls the pods that its kubelet reads from files.
    if (typeof owner?.kind !== "string" || typeof owner.name !== "string" || owner.kind === "Node") continue;
    const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
    const [ownerKind, name] = withoutHash(owner.kind, owner.name, textsOf(metadata.labels));
    controllers.set(describeObject(kind, namespace, metadata.name), describeObject(ownerKind, namespace, name));
  }
  return controllers;
}

/** A Deployment names its ReplicaSets by itself and the hash of the template, which is a label of the pods. */
function withoutHash(kind: string, name: string, labels: Readonly<Record<string, string>>): readonly [string, string] {
  const { "pod-template-hash": hash, "rollouts-pod-template-hash": ofRollout } = labels;
  if (kind !== "ReplicaSet") return [kind, name];
  if (hash !== undefined && name.endsWith(`-${hash}`)) return ["Deployment", name.slice(0, -hash.length - 1)];
  if (ofRollout !== undefined && name.endsWith(`-${ofRollout}`))
    return ["Rollout", name.slice(0, -ofRollout.length - 1)];
  return [kind, name];
}

/** The controller of its controllers; a cycle cannot be stored, and ends here. */
function rootOf(object: string, controllers: ReadonlyMap<string, string>): string | undefined {
  let root = controllers.get(object);
  for (let depth = 0; depth < 5 && root !== undefined; depth++) {
    const next = controllers.get(root);
    if (next === undefined) return root;
    root = next;
  }
  return root;
}

function isIdle({ spec, status }: Value): boolean {
  const phase = isRecord(status) ? status.phase : undefined;
  return (isRecord(spec) && spec.replicas === 0) || phase === "Succeeded" || phase === "Failed";
}

type OfPod = Omit<PodSource, "object" | "namespace" | "isIdle" | "workload">;

function readPod(pod: Value, place: Place): OfPod {
  const metadata = isRecord(pod.metadata) ? pod.metadata : {};
  const spec = isRecord(pod.spec) ? pod.spec : {};
  const status = isRecord(pod.status) ? pod.status : {};
  const hostNetwork = spec.hostNetwork === true;
  const specPlace = at(place, "spec");
  const containers = ["containers", "initContainers"].flatMap((list) =>
    recordsOf(spec[list])
      // Of the init containers only sidecars serve traffic.
      .filter(({ record }) => list === "containers" || record.restartPolicy === "Always")
      .map(({ record, index }) => ({ record, list, place: at(at(specPlace, list), index) })),
  );
  return {
    labels: textsOf(metadata.labels),
    hostNetwork,
    node: textOf(spec.nodeName) || undefined,
    startTime: textOf(status.startTime),
    addresses: recordsOf(status.podIPs).map(({ record }) => textOf(record.ip)),
    containers: containers.map(({ record }) => String(record.name)),
    ports: containers.flatMap(({ record, list, place: container }) =>
      recordsOf(record.ports).map(({ record: port, index }) => ({
        ...readPort(port, hostNetwork, at(at(container, "ports"), index)),
        isOfSidecar: list === "initContainers",
      })),
    ),
    probedPorts: containers.flatMap(({ record }) => readProbes(record)),
  };
}

/** A container that is probed at a port listens there, whether it declares the port or not. */
function readProbes(container: Value): readonly number[] {
  return ["readinessProbe", "livenessProbe", "startupProbe"].flatMap((name) => {
    const probe = container[name];
    return ["httpGet", "tcpSocket", "grpc"].flatMap((kind) => {
      const action = isRecord(probe) ? probe[kind] : undefined;
      const port = isRecord(action) ? Number(action.port) : Number.NaN;
      return Number.isInteger(port) && port > 0 ? [port] : [];
    });
  });
}

function readPort(port: Value, hostNetwork: boolean, place: Place): Omit<ContainerPort, "isOfSidecar"> {
  const number = (value: unknown): number | undefined => (typeof value === "number" && value > 0 ? value : undefined);
  const containerPort = number(port.containerPort);
  return {
    name: typeof port.name === "string" && port.name !== "" ? port.name : undefined,
    protocol: typeof port.protocol === "string" && port.protocol !== "" ? port.protocol : "TCP",
    containerPort,
    hostPort: number(port.hostPort) ?? (hostNetwork ? containerPort : undefined),
    hostIp: textOf(port.hostIP),
    place,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function recordsOf(list: unknown): readonly { readonly record: Value; readonly index: number }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((record: unknown, index) => (isRecord(record) ? [{ record, index }] : []));
}

function textsOf(map: unknown): Readonly<Record<string, string>> {
  if (!isRecord(map)) return {};
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
