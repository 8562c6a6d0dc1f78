import { type Family, parseIp } from "../model/address.ts";
import type { SimulatedService } from "./complete-services.ts";
import { podIps } from "./pods/address-pods.ts";
import type { SimulatedNode } from "./simulate-nodes.ts";
import { isGiven, recordOf, recordsOf, type Texts, textMapOf, textOf, type Value } from "./values.ts";

/** A pod as an endpoint of a Service in one family (podToEndpoint of k8s.io/endpointslice); undefined without an address. */
export function sliceEndpoint(
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
