import { canonicalAddress, isAddress, parseTarget } from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Family } from "../../model/address.ts";
import type { Node } from "../../model/objects/node.ts";
import type { KnownPod } from "./find-pods.ts";
import type { KnownService } from "./known-services.ts";

/** The source of a packet in a request. */
export type PacketSource =
  | { readonly kind: "pod"; readonly namespace: string; readonly name: string }
  | { readonly kind: "node" }
  | { readonly kind: "internet" }
  | { readonly kind: "address"; readonly address: string };

/** The destination of a packet in a request. Ports are undefined where none was given. */
export type PacketTarget =
  | {
      readonly kind: "service";
      readonly namespace: string;
      readonly name: string;
      /** Its name or number. */
      readonly port: string | undefined;
    }
  | { readonly kind: "pod"; readonly namespace: string; readonly name: string; readonly port: number | undefined }
  | { readonly kind: "node"; readonly name: string; readonly port: number | undefined }
  /** The name of a Service as DNS has it, also from a URL. */
  | { readonly kind: "name"; readonly name: string; readonly port: string | undefined }
  /** `localhost`: the loopback address of the sender. */
  | { readonly kind: "localhost"; readonly port: number | undefined }
  | { readonly kind: "address"; readonly address: string; readonly port: number | undefined };

/** `pod/shop/web-1`, `node`, `internet` or an address; undefined for anything else. */
export function parsePacketSource(text: string): PacketSource | undefined {
  if (text === "node" || text === "internet") return { kind: text };
  const [, namespace, name] = /^(?:pod|pods|po)\/([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { kind: "pod", namespace, name };
  const address = text.replace(/^\[(.*)\]$/, "$1");
  return isAddress(address) ? { kind: "address", address: canonicalAddress(address) } : undefined;
}

/** How a target may be written, for messages. */
export const targetForms =
  "svc/NAMESPACE/NAME[:PORT], pod/NAMESPACE/NAME[:PORT], node/NAME:PORT, ADDRESS:PORT, localhost:PORT, or the DNS name or URL of a Service";

/** Reads a target in one of targetForms; undefined for anything else. */
export function parsePacketTarget(text: string): PacketTarget | undefined {
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@]*@)?([^/?#@]+)/i.exec(text) ?? [];
  if (authority !== undefined) return fromUrl(authority, schemePorts[scheme?.toLowerCase() ?? ""]);
  const [, type = "", ...names] = /^([a-z]+)\/([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  if (type !== "") return named(type, names);
  return hostTarget(text);
}

const schemePorts: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };

function fromUrl(authority: string, usual: number | undefined): PacketTarget | undefined {
  const target = hostTarget(authority);
  if (target === undefined || target.port !== undefined || usual === undefined) return target;
  return target.kind === "name" ? { ...target, port: String(usual) } : ({ ...target, port: usual } as PacketTarget);
}

/** `TYPE/NAMESPACE/NAME[:PORT]`, as kubectl names types. */
function named(type: string, [first = "", second]: readonly (string | undefined)[]): PacketTarget | undefined {
  const [, name, port] = /^([^:]+)(?::([^:]+))?$/.exec(second ?? first) ?? [];
  if (name === undefined) return undefined;
  const number = portNumber(port);
  switch (type) {
    case "svc":
    case "service":
    case "services":
      return second === undefined ? undefined : { kind: "service", namespace: first, name, port };
    case "po":
    case "pod":
    case "pods":
      return second === undefined || number === null
        ? undefined
        : { kind: "pod", namespace: first, name, port: number };
    case "no":
    case "node":
    case "nodes":
      return second !== undefined || number === null ? undefined : { kind: "node", name, port: number };
    default:
      return undefined;
  }
}

/** `10.96.0.10:80`, `[fd00::1]:80`, `localhost:31443`, `web.shop.svc.cluster.local:80`, each also without a port. */
function hostTarget(text: string): PacketTarget | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (isAddress(bare)) return { kind: "address", address: canonicalAddress(bare), port: undefined };
  const target = parseTarget(text);
  if (target !== undefined) return { kind: "address", ...target };
  const [, name, port] = /^([A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?)\.?(?::([A-Za-z0-9-]+))?$/.exec(text) ?? [];
  if (name === undefined || /^[\d.]+$/.test(name)) return undefined;
  if (name.toLowerCase() !== "localhost") return { kind: "name", name: name.toLowerCase(), port };
  const number = portNumber(port);
  return number === null ? undefined : { kind: "localhost", port: number };
}

/** Null for anything but a number of a port; undefined where there is none. */
function portNumber(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined;
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null;
}

/** The meaning of names in a request. */
export interface Surroundings {
  /** The node's name. */
  readonly node: string;
  /** Its own address in each family that it has. */
  readonly nodeAddresses: Readonly<Partial<Record<Family, string>>>;
  readonly host: EvaluatedHost;
  readonly services: () => readonly KnownService[];
  readonly nodes: readonly Node[];
  /** The ports at which endpoints with the address listen. */
  readonly portsAt: (address: string) => readonly number[];
  readonly pods: () => ReadonlyMap<string, KnownPod>;
  /** Whether a node or pod anywhere has the address. */
  readonly isTaken: (address: string) => boolean;
}

/** A request that cannot be answered, with the reason. */
export interface Refusal {
  readonly refused: string;
}

export function isRefusal(value: object): value is Refusal {
  return "refused" in value;
}
