import { isIpv6, type Target } from "../../datapath/address-set.ts";
import { hasPorts, type Protocol } from "../../datapath/packet.ts";
import { type Family, families, familyNames } from "../../model/address.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import type { KnownService } from "./known-services.ts";
import { isRefusal, type PacketTarget, type Refusal, type Surroundings } from "./question.ts";

/** The destination of a packet. */
export interface ResolvedTarget extends Target {
  readonly protocol: Protocol;
  /** `shop/web:http`, where a Service was named. */
  readonly service: string | undefined;
  /** Which of the Service's addresses this is. */
  readonly way?: TargetWay | undefined;
  /** `pod shop/web-1`, where the request named something else. */
  readonly name?: string | undefined;
}

/** How a Service is reached. */
export type TargetWay = "cluster IP" | "load balancer IP" | "external IP" | "node port";

export interface TargetRequest {
  readonly target: PacketTarget;
  /** Undefined: the service port's, TCP for an address. */
  readonly protocol: Protocol | undefined;
  /** The families of the source. */
  readonly families: readonly Family[];
  /** Of the source: outside the cluster, a Service is reached by other addresses. */
  readonly from: "internet" | "node" | "elsewhere";
  /** The namespace of a pod that sends; names without a namespace are looked up in it. */
  readonly namespace: string | undefined;
}

/**
 * The address, port and protocol. A Service stands for its cluster IP in the first family that the source has too; for
 * a client on the internet, for each address by which it can be reached.
 */
export function resolveTargets(request: TargetRequest, known: Surroundings): readonly ResolvedTarget[] | Refusal {
  const { target, protocol, families: wanted } = request;
  switch (target.kind) {
    case "address":
      return withPort(target, { protocol, called: target.address, name: undefined });
    case "localhost": {
      if (request.from !== "node")
        return { refused: "localhost is the sender itself: pass --from node, or an address" };
      return withPort({ address: "127.0.0.1", port: target.port }, { protocol, called: "localhost", name: undefined });
    }
    case "pod":
      return podTarget(target, request, known);
    case "node": {
      const node = known.nodes.find(({ name }) => name === target.name);
      const own = target.name === known.node ? known.nodeAddresses : {};
      const listed = (node?.addresses ?? []).map(({ ip }) => ip);
      const address =
        listed.find(({ family }) => wanted.includes(family))?.text ?? own[wanted[0] ?? "ipv4"] ?? listed[0]?.text;
      const called = `node ${target.name}`;
      if (address === undefined) return { refused: `the address of ${called} is unknown; pass an ADDRESS:PORT` };
      return withPort({ address, port: target.port }, { protocol, called, name: called });
    }
    case "name": {
      const service = serviceOfName(target.name, request, known.services());
      return isRefusal(service) ? service : serviceTargets(service, { ...request, port: target.port }, known);
    }
    case "service": {
      const { namespace, name, port } = target;
      const services = known.services();
      const service = services.find((each) => each.namespace === namespace && each.name === name);
      if (service === undefined) return unknownService(`${namespace}/${name}`, services);
      return serviceTargets(service, { ...request, port }, known);
    }
  }
}

interface Place {
  readonly address: string;
  readonly port: number | undefined;
}

interface Called {
  readonly protocol: Protocol | undefined;
  readonly called: string;
  readonly name: string | undefined;
}

function withPort(
  { address, port }: Place,
  { protocol = "tcp", called, name }: Called,
): readonly ResolvedTarget[] | Refusal {
  if (!hasPorts(protocol)) return [{ address, port: 0, protocol, service: undefined, name }];
  if (port !== undefined) return [{ address, port, protocol, service: undefined, name }];
  const written = isIpv6(address) && called === address ? `[${address}]` : called;
  return { refused: `${called} needs a port, as in ${written.replace(/^(pod|node) /, "$1/")}:80 (or --proto icmp)` };
}

function podTarget(
  { namespace, name, port }: Extract<PacketTarget, { kind: "pod" }>,
  { protocol, families: wanted }: TargetRequest,
  { pods, portsAt }: Surroundings,
): readonly ResolvedTarget[] | Refusal {
  const called = `${namespace}/${name}`;
  const pod = pods().get(called);
  if (pod === undefined) {
    const near = didYouMean(called, pods().keys());
    const hint = near === undefined ? "add its EndpointSlice or Pod to the state" : `did you mean ${near}?`;
    return { refused: `the address of pod ${called} is unknown; ${hint}` };
  }
  const address = pod.addresses.find(({ family }) => wanted.includes(family)) ?? pod.addresses[0];
  if (address === undefined) return { refused: `the address of pod ${called} is unknown` };
  const ports = port === undefined ? portsAt(address.text) : [port];
  const [only, another] = ports;
  if (another !== undefined && hasPorts(protocol ?? "tcp"))
    return { refused: `pod ${called} listens at ${ports.join(", ")}; choose one, as in pod/${called}:${only}` };
  return withPort({ address: address.text, port: only }, { protocol, called: `pod ${called}`, name: `pod ${called}` });
}

/** `web.shop.svc.cluster.local` and its shorter forms. */
const serviceName = /^([^.]+)(?:\.([^.]+)(?:\.svc(?:\.cluster\.local)?)?)?$/;

function serviceOfName(
  text: string,
  { namespace: own }: TargetRequest,
  services: readonly KnownService[],
): KnownService | Refusal {
  const [, name, namespace = own] = serviceName.exec(text) ?? [];
  if (name === undefined)
    return {
      refused: `${text} is not the name of a Service: NAME.NAMESPACE.svc.cluster.local, NAME.NAMESPACE or NAME`,
    };
  const named = services.filter((each) => each.name === name);
  const [only, another] = namespace === undefined ? named : named.filter((each) => each.namespace === namespace);
  if (only === undefined) return unknownService(namespace === undefined ? name : `${namespace}/${name}`, services);
  if (another === undefined) return only;
  const list = named.map((each) => `${name}.${each.namespace}`).join(", ");
  return { refused: `there are several Services ${name}: ${list}; choose one` };
}

function unknownService(called: string, services: readonly KnownService[]): Refusal {
  const names = services.map(({ namespace, name }) => `${namespace}/${name}`);
  if (names.length === 0) return { refused: `there is no Service ${called}: no Services are known (pass -f STATE)` };
  const [namespace, name = namespace] = called.split("/");
  const elsewhere = services.find((each) => each.name === name);
  const near = didYouMean(called, names) ?? (elsewhere && `${elsewhere.namespace}/${elsewhere.name}`);
  return { refused: `there is no Service ${called}${near === undefined ? "" : `; did you mean ${near}?`}` };
}

interface ServiceRequest extends TargetRequest {
  readonly port: string | undefined;
}

function serviceTargets(
  service: KnownService,
  request: ServiceRequest,
  known: Surroundings,
): readonly ResolvedTarget[] | Refusal {
  const called = `${service.namespace}/${service.name}`;
  if (service.type === "ExternalName") {
    return { refused: `${called} is an ExternalName Service: a DNS alias without an address` };
  }
  if (service.headless) {
    return { refused: `${called} is headless: DNS returns the addresses of its pods; pass one of these` };
  }
  const ways = request.from === "internet" ? waysIn(service, request.families, known) : [];
  if (request.protocol === "icmp") {
    const address = ways.length > 0 ? undefined : clusterIp(service, request.families);
    if (address !== undefined && isRefusal(address)) return address;
    const all = address === undefined ? ways : [{ way: "cluster IP" as const, address: address.text }];
    return all.map((each) => ({ ...each, port: 0, protocol: "icmp" as const, service: called }));
  }
  const port = choosePort(service, request.port, request.protocol);
  if (isRefusal(port)) return port;
  const target = {
    protocol: port.protocol.toLowerCase() as Protocol,
    service: port.name === "" ? called : `${called}:${port.name}`,
  };
  const open = ways.flatMap(({ way, address }) => {
    const number = way === "node port" ? port.nodePort : port.port;
    return number === undefined ? [] : [{ ...target, way, address, port: number }];
  });
  if (open.length > 0) return open;
  const address = clusterIp(service, request.families);
  if (isRefusal(address)) return address;
  return [{ ...target, way: "cluster IP", address: address.text, port: port.port }];
}

interface Way {
  readonly way: TargetWay;
  readonly address: string;
}

/** The addresses by which a client outside the cluster reaches a Service. */
function waysIn(service: KnownService, wanted: readonly Family[], { nodeAddresses }: Surroundings): readonly Way[] {
  const own = wanted.flatMap((family) => {
    const address = nodeAddresses[family];
    return address === undefined || service.clusterIps[family] === undefined ? [] : [address];
  });
  const hasNodePort = service.ports.some(({ nodePort }) => nodePort !== undefined);
  return [
    ...service.loadBalancerIps.map(({ address }) => ({ way: "load balancer IP" as const, address: address.text })),
    ...service.externalIps.map(({ address }) => ({ way: "external IP" as const, address: address.text })),
    ...(hasNodePort ? own : []).map((address) => ({ way: "node port" as const, address })),
  ];
}

function choosePort(service: KnownService, asked: string | undefined, protocol: Protocol | undefined) {
  const called = `${service.namespace}/${service.name}`;
  const listed = service.ports.map(spellPort).join(", ");
  const named = service.ports.filter((port) => asked === undefined || port.name === asked || `${port.port}` === asked);
  const found = named.filter((port) => protocol === undefined || port.protocol.toLowerCase() === protocol);
  const [only, second] = found;
  if (only === undefined) {
    const what = [asked === undefined ? "port" : `port ${asked}`, ...(protocol ? [protocol.toUpperCase()] : [])];
    return { refused: `${called} has no ${what.join("/")}; it has: ${listed || "no ports"}` };
  }
  if (second === undefined) return only;
  const differ = found.every(({ protocol: one }) => one === only.protocol) || asked === undefined;
  const advice = differ ? `svc/${called}:${only.name === "" ? only.port : only.name}` : "--proto";
  return { refused: `${called} has several ports: ${listed}; choose one, as in ${advice}` };
}

function spellPort({ name, port, protocol }: KnownService["ports"][number]): string {
  return name === "" ? `${port}/${protocol}` : `${name} (${port}/${protocol})`;
}

function clusterIp(service: KnownService, wanted: readonly Family[]) {
  const has = families.filter((family) => service.clusterIps[family] !== undefined);
  const [family] = has.filter((each) => wanted.includes(each));
  const vip = family && service.clusterIps[family];
  if (vip !== undefined) return vip.address;
  const called = `${service.namespace}/${service.name}`;
  if (has.length === 0) return { refused: `${called} has no cluster IP; pass an ADDRESS:PORT instead` };
  const names = wanted.map((each) => familyNames[each]).join(" or ");
  const others = has.map((each) => familyNames[each]).join(" and ");
  return { refused: `the source uses ${names}, but the cluster IP of ${called} is ${others}` };
}
