/** A kind of object to read, with its API path. */
export interface Resource {
  readonly kind: string;
  readonly apiVersion: string;
  /** The plural of the kind, such as `services`, and its API path. */
  readonly plural: string;
  readonly path: string;
  /** A single object instead of a list. */
  readonly object?: ObjectName;
  /**
   * Left out where the cluster does not know the kind, or may not be asked for it; completes "ServiceCIDR objects
   * are not read, so ...".
   */
  readonly withoutIt?: string;
  /** A list that is limited to one object. */
  readonly only?: ObjectName;
}

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Whether a refusal with this status leaves the kind out, instead of ending the whole. */
export function isLeftOut({ withoutIt }: Resource, status: number | undefined): boolean {
  return withoutIt !== undefined && (status === 403 || status === 404);
}

/** What a missing permission for such a kind means. */
export function leftOutText({ kind, withoutIt = "" }: Resource, message: string): string {
  return `${kind} objects are not read, so ${withoutIt}: ${message}`;
}

/** Without this selector, a role that is limited to the one object does not permit the list. */
export function fieldSelectorOf({ only }: Resource): { readonly fieldSelector?: string } {
  return only === undefined ? {} : { fieldSelector: `metadata.name=${only.name}` };
}

/**
 * The kinds that a command needs: some kinds determine rules, `check` also reads pods. Pods are also read where
 * endpoints may have to be computed from them, if the permissions allow it.
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
const serviceCidrs: Resource = {
  kind: "ServiceCIDR",
  apiVersion: "networking.k8s.io/v1",
  plural: "servicecidrs.networking.k8s.io",
  path: "/apis/networking.k8s.io/v1/servicecidrs",
  withoutIt: "rules of nftables mode do not drop packets to unused addresses of their networks",
};
const configuration: Resource & { readonly object: ObjectName } = {
  kind: "ConfigMap",
  apiVersion: "v1",
  plural: "configmaps",
  path: "/api/v1/namespaces/kube-system/configmaps/kube-proxy",
  object: { namespace: "kube-system", name: "kube-proxy" },
};

/**
 * The kinds to read, in the order of the documents. Not Endpoints: kube-proxy never reads them, and a cluster mirrors
 * those without a selector into EndpointSlices.
 */
export function resourcesFor(need: Need, withConfiguration: boolean): readonly Resource[] {
  const rules = [services, slices, nodes, serviceCidrs, ...(withConfiguration ? [configuration] : [])];
  return need === "rules" ? rules : [...rules, pods];
}

/** The kinds to watch. The single ConfigMap is watched as a list, since it may be created and deleted. */
export function watchedResources(withConfiguration: boolean): readonly Resource[] {
  const { object, path, ...rest } = configuration;
  const list: Resource = { ...rest, path: path.slice(0, path.lastIndexOf("/")), only: object };
  return [services, slices, nodes, serviceCidrs, ...(withConfiguration ? [list] : [])];
}
