import { type Family, familyNames } from "../model/address.ts";
import type { SimulatedService } from "./complete-services.ts";
import { invented } from "./draft.ts";
import type { SimulatedNode } from "./simulate-nodes.ts";
import { type PodFacts, sliceEndpoint } from "./slice-endpoint.ts";
import { recordsOf, textOf, type Value } from "./values.ts";

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
export function slicePorts(spec: Value, pod: PodFacts): readonly Value[] {
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
