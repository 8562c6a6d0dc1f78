import type { Subject } from "../diagnostics/diagnostic.ts";
import { type Family, families } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import type { EndpointSlice } from "../model/objects/endpoint-slice.ts";
import type { Host, Node } from "../model/objects/node.ts";
import type { Service } from "../model/objects/service.ts";
import type { ServiceCidr } from "../model/objects/service-cidr.ts";
import type { ProxyConfiguration } from "../model/proxy-configuration/proxy-configuration.ts";
import { type Claims, claimsOf, dropClaims, enterClaims } from "./claims.ts";

/** Sorts as Services are sorted: by namespace, then by name. */
export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}\0${name}`;
}

/** Accepted objects by key; in a change, undefined for deleted objects. */
export interface Changes {
  readonly services: Map<string, Service | undefined>;
  readonly slices: Map<string, EndpointSlice | undefined>;
  /** v1 Endpoints, as the slices they are converted to. */
  readonly endpoints: Map<string, readonly EndpointSlice[] | undefined>;
  readonly nodes: Map<string, Node | undefined>;
  readonly serviceCidrs: Map<string, ServiceCidr | undefined>;
  readonly hosts: Map<string, Host | undefined>;
  /** There is one, without a key. */
  readonly configurations: Map<string, ProxyConfiguration | undefined>;
}

export function createChanges(): Changes {
  return {
    services: new Map(),
    slices: new Map(),
    endpoints: new Map(),
    nodes: new Map(),
    serviceCidrs: new Map(),
    hosts: new Map(),
    configurations: new Map(),
  };
}

/** The last valid state of every object, with indexes for changes. */
export interface Store {
  readonly services: Map<string, Service>;
  readonly slices: Map<string, EndpointSlice>;
  readonly slicesOf: Map<string, Map<string, EndpointSlice>>;
  readonly endpoints: Map<string, readonly EndpointSlice[]>;
  readonly nodes: Map<string, Node>;
  readonly serviceCidrs: Map<string, ServiceCidr>;
  readonly hosts: Map<string, Host>;
  readonly configurations: Map<string, ProxyConfiguration>;
  readonly claims: Claims;
  /** The Services with a cluster IP of the family. */
  readonly byFamily: Readonly<Record<Family, Set<string>>>;
  /** Addresses that node ports may be served on; part of what a Service claims. */
  hostAddresses: readonly string[];
}

export function createStore(): Store {
  return {
    services: new Map(),
    slices: new Map(),
    slicesOf: new Map(),
    endpoints: new Map(),
    nodes: new Map(),
    serviceCidrs: new Map(),
    hosts: new Map(),
    configurations: new Map(),
    claims: new Map(),
    byFamily: { ipv4: new Set(), ipv6: new Set() },
    hostAddresses: [],
  };
}

/** Applies changes; returns the changes that revert them. */
export function applyChanges(store: Store, changes: Changes): Changes {
  const back = createChanges();
  for (const [key, service] of changes.services) back.services.set(key, putService(store, key, service));
  for (const [key, slice] of changes.slices) back.slices.set(key, putSlice(store, key, slice));
  putAll(store.endpoints, changes.endpoints, back.endpoints);
  putAll(store.nodes, changes.nodes, back.nodes);
  putAll(store.serviceCidrs, changes.serviceCidrs, back.serviceCidrs);
  putAll(store.hosts, changes.hosts, back.hosts);
  putAll(store.configurations, changes.configurations, back.configurations);
  return back;
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): T | undefined {
  const before = map.get(key);
  if (value === undefined) map.delete(key);
  else map.set(key, value);
  return before;
}

function putAll<T>(map: Map<string, T>, changes: Map<string, T | undefined>, back: Map<string, T | undefined>): void {
  for (const [key, value] of changes) back.set(key, put(map, key, value));
}

function putService(store: Store, key: string, service: Service | undefined): Service | undefined {
  const before = put(store.services, key, service);
  if (before !== undefined) dropClaims(store.claims, key, claimsOf(before, store.hostAddresses));
  if (service !== undefined) enterClaims(store.claims, key, claimsOf(service, store.hostAddresses));
  for (const family of families) {
    if (service?.clusterIps[family] === undefined) store.byFamily[family].delete(key);
    else store.byFamily[family].add(key);
  }
  return before;
}

/** The key of the Service that a slice belongs to. */
export function ownerOf({ namespace, service }: EndpointSlice): string | undefined {
  return service === undefined ? undefined : keyOf({ namespace, name: service });
}

function putSlice(store: Store, key: string, slice: EndpointSlice | undefined): EndpointSlice | undefined {
  const before = put(store.slices, key, slice);
  const [was, is] = [before && ownerOf(before), slice && ownerOf(slice)];
  if (was !== undefined && was !== is) {
    const others = store.slicesOf.get(was);
    others?.delete(key);
    if (others?.size === 0) store.slicesOf.delete(was);
  }
  if (slice === undefined || is === undefined) return before;
  const siblings = store.slicesOf.get(is);
  if (siblings === undefined) store.slicesOf.set(is, new Map([[key, slice]]));
  else siblings.set(key, slice);
  return before;
}

/** Recomputes the claims for another set of host addresses. */
export function claimHostAddresses(store: Store, hostAddresses: readonly string[]): void {
  store.hostAddresses = hostAddresses;
  store.claims.clear();
  for (const [key, service] of store.services) enterClaims(store.claims, key, claimsOf(service, hostAddresses));
}

/** These Services with their slices, or Endpoints where there are no slices; nodes and hosts are left out. */
export function clusterOf(store: Store, keys: Iterable<string>, proxyConfiguration: ProxyConfiguration): Cluster {
  const services: Service[] = [];
  const slices: EndpointSlice[] = [];
  for (const key of keys) {
    const service = store.services.get(key);
    if (service === undefined) continue;
    services.push(service);
    for (const slice of slicesFor(store, key)) slices.push(slice);
  }
  const rest = { isConfigurationBroken: false, read: 0, skipped: 0, simulated: 0 };
  const serviceCidrs = [...store.serviceCidrs.values()];
  const hostPorts = { pods: [], hostPortConfiguration: undefined };
  return { services, slices, nodes: [], serviceCidrs, hosts: [], ...hostPorts, proxyConfiguration, ...rest };
}

export function slicesFor(store: Store, key: string): Iterable<EndpointSlice> {
  return store.slicesOf.get(key)?.values() ?? store.endpoints.get(key) ?? [];
}

/** Whether the object has a last valid state. */
export function isKnown(store: Store, { kind, namespace, name }: Subject): boolean {
  const key = keyOf({ namespace, name });
  switch (kind) {
    case "Service":
      return store.services.has(key);
    case "EndpointSlice":
      return store.slices.has(key);
    case "Endpoints":
      return store.endpoints.has(key);
    case "Node":
      return store.nodes.has(key);
    case "ServiceCIDR":
      return store.serviceCidrs.has(key);
    case "Host":
      return store.hosts.has(key);
    default:
      return store.configurations.size > 0;
  }
}

/**
 * The sorted keys of the affected Services: those that change, those whose endpoints change, and those that share an
 * address and port with one of them. The store is still in the state before.
 */
export function touchedServices(store: Store, changes: Changes): readonly string[] {
  const touched = new Set<string>([...changes.services.keys(), ...changes.endpoints.keys()]);
  for (const [key, slice] of changes.slices) {
    for (const one of [slice, store.slices.get(key)]) {
      const owner = one && ownerOf(one);
      if (owner !== undefined) touched.add(owner);
    }
  }
  const keys = new Set<string>();
  for (const key of touched) {
    const [before, after] = [store.services.get(key), changes.services.get(key)];
    if (before !== undefined || after !== undefined) keys.add(key);
    for (const service of [before, after]) {
      if (service === undefined) continue;
      for (const claim of claimsOf(service, store.hostAddresses)) {
        for (const holder of store.claims.get(claim) ?? []) keys.add(holder);
      }
    }
  }
  return [...keys].sort();
}
