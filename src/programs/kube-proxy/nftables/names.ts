import type { Family } from "../../../model/address.ts";
import { sha256Base32Prefix } from "../../../model/sha256.ts";
import { targetPort } from "../../../plan/forwarding/endpoints.ts";
import type { Endpoint, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { OwnTables } from "../../program.ts";

/** kube-proxy's table, one in each family. */
export const nftTable = "kube-proxy";

/** Whether a table is kube-proxy's, by its family and name. */
export function isOwnedTable({ family, name }: { readonly family: string; readonly name: string }): boolean {
  return (family === "ip" || family === "ip6") && name === nftTable;
}

/** The name of kube-proxy's table of a family among those of a host: `ip kube-proxy`. */
export function ownTableName(family: Family): string {
  return `${family === "ipv4" ? "ip" : "ip6"} ${nftTable}`;
}

/** Whether this is such a name, as rules on a packet's path have it. */
export function isOwnTableName(table: string): boolean {
  return table === `ip ${nftTable}` || table === `ip6 ${nftTable}`;
}

const servicePortObject =
  /(?:^|[\s@,])(?:service|local|external|firewall|endpoint|affinity)-[A-Z2-7]{8}-([a-z0-9][-a-z0-9]*\/[a-z0-9][-a-z0-9]*)\/(?:tcp|udp|sctp)\/([-a-z0-9]*?)(?=__|[\s,}]|$)/;

/**
 * The service port, `shop/web:http`, in the name of a chain or set that belongs to it alone, or in a rule or element
 * that has such a name: `goto service-ABCDEFGH-shop/web/tcp/http`. Undefined for names of what always exists.
 */
export function servicePortInNftName(text: string): string | undefined {
  const [, service, port] = servicePortObject.exec(text) ?? [];
  return service === undefined ? undefined : `${service}${port === "" ? "" : `:${port}`}`;
}

/** The set of addresses on which node ports answer, only where they are restricted to addresses. */
export const nodePortAddressesSet = "nodeport-ips";

/** The key of an address and port of a service port in maps: `10.96.0.10 . tcp . 80`. */
export function addressKey(address: string, protocol: string, port: number): string {
  return `${address} . ${portKey(protocol, port)}`;
}

/** The key of a node port: `tcp . 30080`. */
export function portKey(protocol: string, port: number): string {
  return `${protocol} . ${port}`;
}

/** The chains that always exist, base chains apart. */
export const nftChains = {
  services: "services",
  firewallCheck: "firewall-check",
  serviceEndpointsCheck: "service-endpoints-check",
  nodePortEndpointsCheck: "nodeport-endpoints-check",
  clusterIpsCheck: "cluster-ips-check",
  masquerading: "masquerading",
  reject: "reject-chain",
} as const;

/** The chains of one service port. */
export interface NftServicePortChains {
  readonly cluster: string;
  readonly local: string;
  readonly external: string;
  readonly firewall: string;
}

const servicePortChainName = /^(service|local|external|firewall|endpoint)-([A-Z2-7]{8}-.*)$/;

/** The kind of a chain of one service port, and the end that all its chains share; of an endpoint, its own end. */
export function parseServicePortChainName(
  name: string,
): { readonly kind: keyof NftServicePortChains | "service" | "endpoint"; readonly base: string } | undefined {
  const [, kind, base = ""] = servicePortChainName.exec(name) ?? [];
  return kind === undefined ? undefined : { kind: kind as "service", base };
}

type NamedPort = Pick<ServicePortPlan, "service" | "protocol" | "port">;

/** All names of a service port end in its own name after a hash of it. */
export function nftServicePortChains(plan: NamedPort): NftServicePortChains {
  const base = hashed(plainName(plan), "");
  return {
    cluster: `service-${base}`,
    local: `local-${base}`,
    external: `external-${base}`,
    firewall: `firewall-${base}`,
  };
}

/** The end of the names of an endpoint's chain and set, which exist with session affinity only. */
export function nftEndpointName(plan: NamedPort, endpoint: Endpoint): string {
  return hashed(plainName(plan), `__${endpoint.entry.ip.replaceAll(":", ".")}/${targetPort(endpoint)}`);
}

export const endpointChainPrefix = "endpoint-";
export const affinitySetPrefix = "affinity-";

/** An unnamed port leaves a slash at the end. */
function plainName({ service, protocol, port }: NamedPort): string {
  return `${service.namespace}/${service.name}/${protocol}/${port.name}`;
}

const longestBase = 240;

/** A hash, and the name, cut where it is too long for the kernel with its prefix. */
function hashed(start: string, end: string): string {
  const base = `${sha256Base32Prefix(start, end).slice(0, 8)}-${start}${end}`;
  return base.length > longestBase ? `${base.slice(0, longestBase - 3)}...` : base;
}

/** The grammar of these names, as layers above ask for it. */
export const kubeProxyTables: OwnTables = {
  isOwned: isOwnedTable,
  nameIn: ownTableName,
  nodeAddresses: nodePortAddressesSet,
};
