import type { Family } from "../../model/address.ts";
import type { SimulatedService } from "../services/complete-services.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { textOf, type Value } from "../values.ts";
import type { PodFacts } from "./pod-facts.ts";

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
