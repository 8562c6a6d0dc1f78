import type { Target } from "../../datapath/address-set.ts";
import type { Protocol } from "../../datapath/packet.ts";
import { type Family, families, familyNames } from "../../model/address.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import type { Service, ServicePort } from "../../model/objects/service.ts";
import { isRefusal, type PacketTarget, type Refusal } from "./question.ts";

/** The destination of a packet. */
export interface ResolvedTarget extends Target {
  readonly protocol: Protocol;
  /** `shop/web:http`, where a Service was named. */
  readonly service: string | undefined;
}

export interface TargetRequest {
  readonly target: PacketTarget;
  /** Undefined: the service port's, TCP for an address. */
  readonly protocol: Protocol | undefined;
  /** The families of the source. */
  readonly families: readonly Family[];
}

/** The address, port and protocol. A Service stands for its cluster IP in the first family that the source has too. */
export function resolveTarget(
  { target, protocol, families: wanted }: TargetRequest,
  services: readonly Service[],
): ResolvedTarget | Refusal {
  if (target.kind === "address") {
    const { address, port } = target;
    return { address, port, protocol: protocol ?? "tcp", service: undefined };
  }
  const called = `${target.namespace}/${target.name}`;
  const service = services.find(({ namespace, name }) => namespace === target.namespace && name === target.name);
  if (service === undefined) return unknownService(called, services);
  if (service.type === "ExternalName") {
    return { refused: `${called} is an ExternalName Service: a DNS alias without an address` };
  }
  if (service.headless) {
    return { refused: `${called} is headless: DNS returns the addresses of its pods; pass one of these` };
  }
  const port = choosePort(service, target.port, protocol);
  if (isRefusal(port)) return port;
  const address = clusterIp(service, wanted);
  if (isRefusal(address)) return address;
  return {
    address: address.text,
    port: port.port,
    protocol: port.protocol.toLowerCase() as Protocol,
    service: port.name === "" ? called : `${called}:${port.name}`,
  };
}

function unknownService(called: string, services: readonly Service[]): Refusal {
  const names = services.map(({ namespace, name }) => `${namespace}/${name}`);
  if (names.length === 0) return { refused: `there is no Service ${called}: no Services are known (pass -f STATE)` };
  const [namespace, name] = called.split("/");
  const elsewhere = services.find((each) => each.name === name && each.namespace !== namespace);
  const near = didYouMean(called, names) ?? (elsewhere && `${elsewhere.namespace}/${elsewhere.name}`);
  return { refused: `there is no Service ${called}${near === undefined ? "" : `; did you mean ${near}?`}` };
}

function choosePort(service: Service, asked: string | undefined, protocol: Protocol | undefined) {
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

function spellPort({ name, port, protocol }: ServicePort): string {
  return name === "" ? `${port}/${protocol}` : `${name} (${port}/${protocol})`;
}

function clusterIp(service: Service, wanted: readonly Family[]) {
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
