import { exactDestination, exactPort, ruleAt } from "../../datapath/chain-index.ts";
import { elementsAsked } from "../../datapath/elements.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { ElementEntry, LoadedChain, PacketRule } from "../../ir/datapath.ts";
import { type IpAddress, parseIp } from "../../model/address.ts";
import type { Service, ServicePort } from "../../model/objects/service.ts";
import { ownChains, serviceInRule } from "../../programs/registry.ts";

interface KnownVip {
  readonly address: IpAddress;
}

/** A Service as a state or the comments of rules show it. */
export interface KnownService extends Pick<Service, "namespace" | "name" | "headless"> {
  /** Undefined where only rules are known. */
  readonly type: Service["type"] | undefined;
  readonly clusterIps: Readonly<Partial<Record<IpAddress["family"], KnownVip>>>;
  readonly externalIps: readonly KnownVip[];
  readonly loadBalancerIps: readonly KnownVip[];
  readonly sourceRanges: readonly Pick<Service["sourceRanges"][number], "cidr">[];
  readonly ports: readonly Pick<ServicePort, "name" | "protocol" | "port" | "nodePort">[];
}

interface FoundPort {
  /** `shop/web:http` */
  readonly servicePort: string;
  readonly protocol: ServicePort["protocol"];
  readonly port: number;
  /** Undefined for a node port. */
  readonly address: IpAddress | undefined;
  readonly kind: "cluster" | "external" | "load balancer" | "node";
}

/** The Services that the comments of a host's rules name, with their addresses and ports. */
export function servicesInRules({ families }: EvaluatedHost): readonly KnownService[] {
  const found = Object.values(families).flatMap(({ tables }) => [
    ...sharedChains.flatMap(([table, name, kind]) => portsIn(tables.get(table)?.get(name), kind)),
    ...[...tables.values()].flatMap((chains) => [...chains.values()].flatMap(portsInMaps)),
  ]);
  const byName = new Map<string, FoundPort[]>();
  for (const port of found) {
    const [service = ""] = port.servicePort.split(":");
    byName.set(service, [...(byName.get(service) ?? []), port]);
  }
  return [...byName].map(([name, ports]) => serviceOf(name, ports));
}

/** The chains whose rules name addresses of Services, and what an address without a kind in its comment is. */
const sharedChains = (
  [
    ["nat", "dispatch", "cluster"],
    ["nat", "local-dispatch", "node"],
    ["filter", "dispatch", "cluster"],
    ["filter", "refusals", "external"],
  ] as const
).flatMap(([table, role, kind]) => ownChains.named(role).map((chain) => [table, chain, kind] as const));

function portsIn(chain: LoadedChain | undefined, usual: FoundPort["kind"]): readonly FoundPort[] {
  return (chain?.lines ?? []).flatMap((line, at): readonly FoundPort[] => {
    const servicePort = serviceInRule(line);
    if (chain === undefined || servicePort === undefined) return [];
    return foundPort(servicePort, ruleAt(chain, at), kindOf(line, usual));
  });
}

/** The elements of nftables maps that lead to chains of service ports, or refuse with a comment. */
function portsInMaps(chain: LoadedChain): readonly FoundPort[] {
  return chain.lines.flatMap((line, at) =>
    chain.reader.setsOf(line).length === 0 ? [] : elementsAsked(ruleAt(chain, at)).flatMap(portIn),
  );
}

function portIn(entry: ElementEntry): readonly FoundPort[] {
  const servicePort = serviceInRule(entry.text);
  if (servicePort === undefined) return [];
  return foundPort(servicePort, entry, entry.text.includes(" : goto external-") ? "external" : "cluster");
}

/** `kind` is that of an address; without one it is a node port. */
function foundPort(
  servicePort: string,
  conditions: Pick<PacketRule, "predicates">,
  kind: FoundPort["kind"],
): readonly FoundPort[] {
  const [port, protocol] = [exactPort(conditions), protocolOf(conditions)];
  if (port === undefined || protocol === undefined) return [];
  const address = parseIp(exactDestination(conditions) ?? "");
  return [{ servicePort, protocol, port, address, kind: address === undefined ? "node" : kind }];
}

function protocolOf({ predicates }: Pick<PacketRule, "predicates">): ServicePort["protocol"] | undefined {
  const protocol = predicates.find((each) => each.kind === "protocol")?.protocol.toUpperCase();
  return protocol === "TCP" || protocol === "UDP" || protocol === "SCTP" ? protocol : undefined;
}

function kindOf(line: string, usual: FoundPort["kind"]): FoundPort["kind"] {
  if (/ load ?balancer IP"/.test(line)) return "load balancer";
  return line.includes(' external IP"') ? "external" : usual;
}

function serviceOf(called: string, found: readonly FoundPort[]): KnownService {
  const [namespace = "", name = ""] = called.split("/");
  const vips = (kind: FoundPort["kind"]): readonly KnownVip[] => {
    const own = found.flatMap((port) => (port.kind === kind && port.address !== undefined ? [port.address] : []));
    return [...new Map(own.map((address) => [address.text, { address }])).values()];
  };
  const clusterIps = Object.fromEntries(vips("cluster").map((vip) => [vip.address.family, vip]));
  const ports = new Map<string, KnownService["ports"][number]>();
  for (const { servicePort, protocol, port, kind } of found) {
    const key = `${servicePort}/${protocol}`;
    const known = ports.get(key) ?? { name: servicePort.split(":")[1] ?? "", protocol, port: 0, nodePort: undefined };
    ports.set(key, kind === "node" ? { ...known, nodePort: port } : { ...known, port });
  }
  return {
    namespace,
    name,
    headless: false,
    type: undefined,
    clusterIps,
    externalIps: vips("external"),
    loadBalancerIps: vips("load balancer"),
    sourceRanges: [],
    ports: [...ports.values()],
  };
}
