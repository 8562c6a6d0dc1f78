import { type Family, familyNames, parseIp } from "../model/address.ts";
import type { SimulatedService } from "./complete-services.ts";
import { invented } from "./draft.ts";
import { podIps } from "./pods/address-pods.ts";
import type { SimulatedNode } from "./simulate-nodes.ts";
import { isGiven, recordOf, recordsOf, type Texts, textMapOf, textOf, type Value } from "./values.ts";

export const serviceLabel = "kubernetes.io/service-name";
const headlessLabel = "service.kubernetes.io/headless";
/** The EndpointSlice controller's --max-endpoints-per-slice. */
const mostEndpoints = 100;

/** What a slice says; the rest is its name. */
export type SliceParts = Readonly<Record<"ports" | "endpoints", readonly Value[]>>;

/** Pods with different numbers of a named port are in separate slices; without pods there is one slice. */
export function sliceParts(
  service: SimulatedService,
  pods: readonly PodFacts[],
  where: { readonly family: Family; readonly nodes: ReadonlyMap<string, SimulatedNode> },
): readonly SliceParts[] {
  const groups = new Map<string, { readonly ports: readonly Value[]; readonly endpoints: Value[] }>();
  for (const pod of pods) {
    const endpoint = sliceEndpoint(pod, service, where);
    if (endpoint === undefined) continue;
    const ports = slicePorts(service.spec, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpoint);
    groups.set(key, group);
  }
  if (groups.size === 0) return [{ ports: [], endpoints: [] }];
  return [...groups.values()].flatMap(({ ports, endpoints }) =>
    Array.from({ length: Math.ceil(endpoints.length / mostEndpoints) }, (_, index) => ({
      ports,
      endpoints: endpoints.slice(index * mostEndpoints, (index + 1) * mostEndpoints),
    })),
  );
}

/** A slice of its own for these parts. `names` are those of all slices, and grows. */
export function inventSlice(
  { ports, endpoints }: SliceParts,
  { given, spec }: SimulatedService,
  { family, names }: { readonly family: Family; readonly names: Set<string> },
): Value {
  const { name, namespace } = given;
  let number = 1;
  while (names.has(`${namespace}/${name}-${family}-${number}`)) number += 1;
  const own = `${name}-${family}-${number}`;
  names.add(`${namespace}/${own}`);
  const labels = {
    "endpointslice.kubernetes.io/managed-by": "simulate.portolan",
    [serviceLabel]: name,
    ...(spec.clusterIP === "None" ? { [headlessLabel]: "" } : {}),
  };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: own, namespace, labels, annotations: invented },
    addressType: familyNames[family],
    ports,
    endpoints,
  };
}

/**
 * The ports of a Service as one pod serves them: a name is looked up among the pod's containers, and a port that no
 * container names is left out (getEndpointPorts of k8s.io/endpointslice, FindPort of pkg/api/v1/pod).
 */
function slicePorts(spec: Value, pod: PodFacts): readonly Value[] {
  return recordsOf(spec.ports).flatMap((servicePort) => {
    const protocol = textOf(servicePort.protocol) ?? "TCP";
    const port = findPort(servicePort, protocol, pod);
    if (port === undefined) return [];
    const appProtocol = textOf(servicePort.appProtocol);
    const name = typeof servicePort.name === "string" ? servicePort.name : "";
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function findPort({ port, targetPort }: Value, protocol: string, pod: PodFacts): number | undefined {
  if (typeof targetPort === "string" && targetPort !== "") {
    const found = pod.ports.find(
      (candidate) => candidate.name === targetPort && (textOf(candidate.protocol) ?? "TCP") === protocol,
    );
    return typeof found?.containerPort === "number" ? found.containerPort : undefined;
  }
  const wanted = typeof targetPort === "number" && targetPort !== 0 ? targetPort : port;
  return typeof wanted === "number" ? wanted : undefined;
}

/** A pod as an endpoint of a Service in one family (podToEndpoint of k8s.io/endpointslice); undefined without an address. */
function sliceEndpoint(
  pod: PodFacts,
  { given, spec }: SimulatedService,
  { family, nodes }: { readonly family: Family; readonly nodes: ReadonlyMap<string, SimulatedNode> },
): Value | undefined {
  const ip = pod.ips[family];
  if (ip === undefined) return undefined;
  const { isReady, isTerminating, nodeName, uid, hostname } = pod;
  const ready = spec.publishNotReadyAddresses === true || (isReady && !isTerminating);
  const zone = nodeName === undefined ? undefined : nodes.get(nodeName)?.zone;
  const isNamed = hostname !== undefined && pod.subdomain === given.name;
  const hints = ready ? hintsOf(textOf(spec.trafficDistribution), zone, nodeName) : undefined;
  return {
    addresses: [ip],
    conditions: { ready, serving: isReady, terminating: isTerminating },
    ...(isNamed ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(hints === undefined ? {} : { hints }),
    targetRef: { kind: "Pod", namespace: pod.namespace, name: pod.name, ...(uid === undefined ? {} : { uid }) },
  };
}

/** ReconcileHints of k8s.io/endpointslice/trafficdist. */
function hintsOf(
  distribution: string | undefined,
  zone: string | undefined,
  node: string | undefined,
): Value | undefined {
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  switch (distribution) {
    case "PreferClose":
    case "PreferSameZone":
      return zone === undefined ? undefined : forZones;
    case "PreferSameNode":
      return node === undefined ? undefined : { ...forZones, forNodes: [{ name: node }] };
    default:
      return undefined;
  }
}

/** The fields of a pod that the EndpointSlice controller reads. */
export interface PodFacts {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly labels: Texts;
  readonly ips: Readonly<Partial<Record<Family, string>>>;
  readonly nodeName: string | undefined;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  readonly hostname: string | undefined;
  readonly subdomain: string | undefined;
  /** Of its containers and sidecars, in order. */
  readonly ports: readonly Value[];
}

/** Reads a pod; undefined if it cannot be an endpoint: it has no address, or has terminated. */
export function podFacts(value: Value): PodFacts | undefined {
  const metadata = recordOf(value.metadata);
  const spec = recordOf(value.spec);
  const status = recordOf(value.status);
  if (status.phase === "Succeeded" || status.phase === "Failed") return undefined;
  const ips: Partial<Record<Family, string>> = {};
  for (const text of podIps(value)) {
    const ip = parseIp(text);
    if (ip !== undefined) ips[ip.family] ??= ip.text;
  }
  if (Object.keys(ips).length === 0) return undefined;
  const sidecars = recordsOf(spec.initContainers).filter(({ restartPolicy }) => restartPolicy === "Always");
  return {
    name: textOf(metadata.name) ?? "",
    namespace: textOf(metadata.namespace) ?? "default",
    uid: textOf(metadata.uid),
    labels: textMapOf(metadata.labels),
    ips,
    nodeName: textOf(spec.nodeName),
    isReady: recordsOf(status.conditions).some(({ type, status: is }) => type === "Ready" && is === "True"),
    isTerminating: isGiven(metadata.deletionTimestamp),
    hostname: textOf(spec.hostname),
    subdomain: textOf(spec.subdomain),
    ports: [...recordsOf(spec.containers), ...sidecars].flatMap(({ ports }) => recordsOf(ports)),
  };
}
