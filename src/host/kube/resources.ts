/** A kind of object to read, as the API server knows it. */
export interface Resource {
  readonly kind: string;
  readonly apiVersion: string;
  /** `services`, and where these are. */
  readonly plural: string;
  readonly path: string;
  /** Of one object instead of a list. */
  readonly object?: ObjectName;
  /** Of a list that holds one object at most. */
  readonly only?: ObjectName;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Without it nobody may list who has the right to the one object only. */
export function fieldSelectorOf({ only }: Resource): { readonly fieldSelector?: string } {
  return only === undefined ? {} : { fieldSelector: `metadata.name=${only.name}` };
}

/**
 * What a command needs of the cluster: rules are made of some kinds, `check` looks at pods as well. Where endpoints may
 * have to be made of pods, they are read unless nobody may list them.
 */
export type Need = "rules" | "pods" | "pods-unless-forbidden";

const services: Resource = { kind: "Service", apiVersion: "v1", plural: "services", path: "/api/v1/services" };
const nodes: Resource = { kind: "Node", apiVersion: "v1", plural: "nodes", path: "/api/v1/nodes" };
const pods: Resource = { kind: "Pod", apiVersion: "v1", plural: "pods", path: "/api/v1/pods" };
const slices: Resource = {
  kind: "EndpointSlice",
  apiVersion: "discovery.k8s.io/v1",
  plural: "endpointslices.discovery.k8s.io",
  path: "/apis/discovery.k8s.io/v1/endpointslices",
};
const configuration: Resource & { readonly object: ObjectName } = {
  kind: "ConfigMap",
  apiVersion: "v1",
  plural: "configmaps",
  path: "/api/v1/namespaces/kube-system/configmaps/kube-proxy",
  object: { namespace: "kube-system", name: "kube-proxy" },
};

/**
 * What is to be read, in the order of the documents. Endpoints are not: kube-proxy never reads them, and a cluster
 * mirrors those without a selector into EndpointSlices by itself.
 */
export function resourcesFor(need: Need, withConfiguration: boolean): readonly Resource[] {
  const rules = [services, slices, nodes, ...(withConfiguration ? [configuration] : [])];
  return need === "rules" ? rules : [...rules, pods];
}

/** What is to be followed. The one ConfigMap is a list of one, so that it may come and go. */
export function watchedResources(withConfiguration: boolean): readonly Resource[] {
  const { object, path, ...rest } = configuration;
  const list: Resource = { ...rest, path: path.slice(0, path.lastIndexOf("/")), only: object };
  return [services, slices, nodes, ...(withConfiguration ? [list] : [])];
}
