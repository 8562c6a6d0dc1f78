import type { Door, EndpointPicture, Picture, PortPicture, ServicePicture, WorkloadPicture } from "../protocol.ts";
import { at, list, nameOf, number, record, text } from "./values.ts";

/** The Services, nodes, pods and workloads among objects, as the map shows them. */
export function drawPicture(objects: readonly unknown[]): Picture {
  const all = objects.flatMap(itemsOf);
  const ofKind = (kind: string): readonly unknown[] => all.filter((object) => record(object).kind === kind);
  const slices = groupSlices(ofKind("EndpointSlice"));
  const endpointsOf = (name: string): readonly EndpointPicture[] => slices.get(name) ?? [];
  const services = ofKind("Service").map((service) => serviceOf(service, endpointsOf(nameOf(service))));
  const endpoints = services.flatMap((service) => service.endpoints);
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return {
    services: services.sort((a, b) => (a.name < b.name ? -1 : 1)),
    nodes: unique([...ofKind("Node").map(plainName), ...endpoints.map(({ node }) => node)]),
    pods: [
      ...new Set([...unique(ready.map(podOf)), ...unique([...endpoints.map(podOf), ...ofKind("Pod").map(nameOf)])]),
    ],
    workloads: ["Deployment", "StatefulSet", "ReplicaSet"].flatMap((kind) => ofKind(kind).map(workloadOf)),
  };
}

function itemsOf(object: unknown): readonly unknown[] {
  const { items } = record(object);
  return Array.isArray(items) ? list(items).flatMap(itemsOf) : [object];
}

function unique(names: readonly (string | undefined)[]): readonly string[] {
  const known = new Set(names.filter((name) => name !== undefined && name !== ""));
  return ([...known] as string[]).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

function plainName(object: unknown): string {
  return text(at(object, "metadata", "name")) ?? "";
}

function podOf({ pod }: EndpointPicture): string | undefined {
  return pod;
}

function workloadOf(object: unknown): WorkloadPicture {
  return { name: nameOf(object), replicas: number(at(object, "spec", "replicas")) ?? 1 };
}

function groupSlices(slices: readonly unknown[]): ReadonlyMap<string, readonly EndpointPicture[]> {
  const groups = new Map<string, EndpointPicture[]>();
  for (const slice of slices) {
    const service = text(at(slice, "metadata", "labels", "kubernetes.io/service-name"));
    if (service === undefined) continue;
    const namespace = text(at(slice, "metadata", "namespace")) ?? "default";
    const group = groups.get(`${namespace}/${service}`) ?? [];
    groups.set(`${namespace}/${service}`, group);
    for (const endpoint of list(at(slice, "endpoints"))) group.push(endpointOf(endpoint, namespace));
  }
  return groups;
}

function endpointOf(endpoint: unknown, namespace: string): EndpointPicture {
  const pod = text(at(endpoint, "targetRef", "name"));
  return {
    address: text(list(at(endpoint, "addresses"))[0]) ?? "",
    pod: pod === undefined ? undefined : `${text(at(endpoint, "targetRef", "namespace")) ?? namespace}/${pod}`,
    node: text(at(endpoint, "nodeName")),
    ready: at(endpoint, "conditions", "ready") !== false,
  };
}

function serviceOf(service: unknown, endpoints: readonly EndpointPicture[]): ServicePicture {
  return {
    name: nameOf(service),
    type: text(at(service, "spec", "type")) ?? "ClusterIP",
    ports: list(at(service, "spec", "ports")).map((port) => portOf(service, port)),
    endpoints,
  };
}

function portOf(service: unknown, port: unknown): PortPicture {
  const portNumber = number(at(port, "port")) ?? 0;
  const doors = (kind: Door["kind"], addresses: readonly unknown[]): readonly Door[] =>
    addresses.flatMap((address) => {
      const ip = text(address);
      return ip === undefined || ip === "None" ? [] : [{ kind, address: `${bracketed(ip)}:${portNumber}` }];
    });
  const clusterIps = list(at(service, "spec", "clusterIPs"));
  const ingress = list(at(service, "status", "loadBalancer", "ingress")).map((one) => at(one, "ip"));
  const nodePort = number(at(port, "nodePort"));
  return {
    name: text(at(port, "name")) ?? String(portNumber),
    protocol: text(at(port, "protocol")) ?? "TCP",
    doors: [
      ...doors("cluster IP", clusterIps.length > 0 ? clusterIps : [at(service, "spec", "clusterIP")]),
      ...(nodePort === undefined ? [] : [{ kind: "node port" as const, address: `:${nodePort}` }]),
      ...doors("load balancer IP", ingress),
      ...doors("external IP", list(at(service, "spec", "externalIPs"))),
    ],
  };
}

function bracketed(ip: string): string {
  return ip.includes(":") ? `[${ip}]` : ip;
}
