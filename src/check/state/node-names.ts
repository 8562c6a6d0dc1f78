import { cidrContains, type Family } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import type { InputObject } from "../../model/flatten-documents.ts";

/** A nodeName of endpoints that no Node has. */
export interface StrayName {
  /** The Node that is meant, as far as the input shows it. */
  readonly node: string | undefined;
  /** Why that Node: `10.50.1.7 is in its pod range`. */
  readonly reason: string | undefined;
  /** A Node with a similar name, which proves nothing. */
  readonly similar: string | undefined;
}

/** An address that an endpoint has, with its family. */
interface EndpointAddress {
  readonly family: Family;
  readonly ip: string;
}

/**
 * The nodeNames of endpoints that are no Node's. They come about where kubelet and kube-proxy use different names for a
 * node: --hostname-override, a cloud's private DNS name. An input with a single Node may lack the others: there
 * a name is stray only if something shows that this Node is meant.
 */
export function findStrayNames(cluster: Cluster, objects: readonly InputObject[]): ReadonlyMap<string, StrayName> {
  if (cluster.nodes.length === 0) return new Map();
  const known = new Set(cluster.nodes.map(({ name }) => name));
  const override = cluster.proxyConfiguration.hostnameOverride;
  if (override !== undefined) known.add(override);
  const { unknown, isAnyKnown } = namesOfEndpoints(cluster, known);
  if (unknown.size === 0) return new Map();
  const aliases = otherNames(objects);
  const isSingle = cluster.nodes.length === 1;
  // Endpoints with the name of the Node itself show that the others are elsewhere, whatever their addresses.
  const trustsAddresses = !(isSingle && isAnyKnown);
  const given = { cluster, aliases, trustsAddresses };
  const stray = [...unknown].map(([name, address]) => [name, meantNode(name, address, given)] as const);
  return new Map(stray.filter(([, { node }]) => node !== undefined || !isSingle));
}

interface EndpointNames {
  /** Each with the address of its first endpoint. */
  readonly unknown: ReadonlyMap<string, EndpointAddress>;
  readonly isAnyKnown: boolean;
}

function namesOfEndpoints({ slices }: Cluster, known: ReadonlySet<string>): EndpointNames {
  const unknown = new Map<string, EndpointAddress>();
  let isAnyKnown = false;
  for (const { family, endpoints } of slices) {
    if (family === undefined) continue;
    for (const { nodeName, ip } of endpoints) {
      if (nodeName === undefined) continue;
      if (known.has(nodeName)) isAnyKnown = true;
      else if (!unknown.has(nodeName)) unknown.set(nodeName, { family, ip });
    }
  }
  return { unknown, isAnyKnown };
}

const nameTypes = new Set(["Hostname", "InternalDNS", "ExternalDNS"]);

/** The host names of Nodes, which their kubelets report. */
function otherNames(objects: readonly InputObject[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { kind, apiVersion, value } of objects) {
    if (kind !== "Node" || apiVersion !== "v1" || !isRecord(value.metadata)) continue;
    const { name, labels } = value.metadata;
    if (typeof name !== "string") continue;
    const label = isRecord(labels) ? labels["kubernetes.io/hostname"] : undefined;
    if (typeof label === "string") names.set(label, name);
    const addresses = isRecord(value.status) && Array.isArray(value.status.addresses) ? value.status.addresses : [];
    for (const one of addresses) {
      if (isRecord(one) && nameTypes.has(String(one.type)) && typeof one.address === "string")
        names.set(one.address, name);
    }
  }
  return names;
}

interface KnownNodes {
  readonly cluster: Cluster;
  readonly aliases: ReadonlyMap<string, string>;
  /** The address of an endpoint shows its node. */
  readonly trustsAddresses: boolean;
}

function meantNode(name: string, { family, ip }: EndpointAddress, known: KnownNodes): StrayName {
  const { nodes } = known.cluster;
  const meant = (node: string | undefined, reason?: string): StrayName => ({ node, reason, similar: undefined });
  const alias = known.aliases.get(name);
  if (alias !== undefined) return meant(alias, "it is its host name");
  const inRange = nodes.find(({ podCidrs }) => podCidrs.some((cidr) => cidrContains(cidr, { family, text: ip })));
  if (inRange !== undefined && known.trustsAddresses) return meant(inRange.name, `${ip} is in its pod range`);
  const dashed = /(?:^|\D)(\d+-\d+-\d+-\d+)(?:\D|$)/.exec(name)?.[1]?.replaceAll("-", ".");
  for (const address of [dashed, ...(known.trustsAddresses ? [ip] : [])]) {
    const owner = nodes.find(({ addresses }) => addresses.some((one) => one.ip.text === address));
    if (owner !== undefined) return meant(owner.name, `${address} is its address`);
  }
  const names = nodes.map((node) => node.name);
  const sameLabel = names.find((one) => firstLabel(one) === firstLabel(name));
  return sameLabel === undefined ? { ...meant(undefined), similar: didYouMean(name, names) } : meant(sameLabel);
}

function firstLabel(name: string): string {
  return name.toLowerCase().split(".", 1)[0] ?? "";
}
