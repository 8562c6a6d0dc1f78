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
  /** It is scaled to zero, or has completed. */
  readonly isIdle: boolean;
  readonly ports: readonly ContainerPort[];
}

export interface ContainerPort {
  readonly name: string | undefined;
  readonly protocol: string;
  readonly containerPort: number | undefined;
  /** In the host's network every port is one of the host. */
  readonly hostPort: number | undefined;
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
    return [{ object, namespace, isIdle: isIdle(value), ...readPod(pod, path.reduce<Place>(at, place)) }];
  });
}

function isIdle({ spec, status }: Value): boolean {
  const phase = isRecord(status) ? status.phase : undefined;
  return (isRecord(spec) && spec.replicas === 0) || phase === "Succeeded" || phase === "Failed";
}

function readPod(pod: Value, place: Place): Pick<PodSource, "labels" | "hostNetwork" | "ports"> {
  const metadata = isRecord(pod.metadata) ? pod.metadata : {};
  const spec = isRecord(pod.spec) ? pod.spec : {};
  const hostNetwork = spec.hostNetwork === true;
  const specPlace = at(place, "spec");
  const ports = ["containers", "initContainers"].flatMap((list) =>
    recordsOf(spec[list]).flatMap(({ record: container, index }) => {
      // Of the init containers only sidecars serve traffic.
      if (list === "initContainers" && container.restartPolicy !== "Always") return [];
      const portsPlace = at(at(at(specPlace, list), index), "ports");
      return recordsOf(container.ports).map(({ record, index: number }) =>
        readPort(record, hostNetwork, at(portsPlace, number)),
      );
    }),
  );
  return { labels: textsOf(metadata.labels), hostNetwork, ports };
}

function readPort(port: Value, hostNetwork: boolean, place: Place): ContainerPort {
  const number = (value: unknown): number | undefined => (typeof value === "number" && value > 0 ? value : undefined);
  const containerPort = number(port.containerPort);
  return {
    name: typeof port.name === "string" && port.name !== "" ? port.name : undefined,
    protocol: typeof port.protocol === "string" && port.protocol !== "" ? port.protocol : "TCP",
    containerPort,
    hostPort: number(port.hostPort) ?? (hostNetwork ? containerPort : undefined),
    place,
  };
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
