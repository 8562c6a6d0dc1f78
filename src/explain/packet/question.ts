import { canonicalAddress, isAddress, parseTarget, type Target } from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Family } from "../../model/address.ts";
import type { Service } from "../../model/objects/service.ts";
import type { KnownPod } from "./find-pods.ts";

/** The source of a packet in a request. */
export type PacketSource =
  | { readonly kind: "pod"; readonly namespace: string; readonly name: string }
  | { readonly kind: "node" }
  | { readonly kind: "internet" }
  | { readonly kind: "address"; readonly address: string };

/** The destination of a packet in a request. */
export type PacketTarget =
  | {
      readonly kind: "service";
      readonly namespace: string;
      readonly name: string;
      /** Its name or number; undefined where none was given. */
      readonly port: string | undefined;
    }
  | ({ readonly kind: "address" } & Target);

/** `pod/shop/web-1`, `node`, `internet` or an address; undefined for anything else. */
export function parsePacketSource(text: string): PacketSource | undefined {
  if (text === "node" || text === "internet") return { kind: text };
  const [, namespace, name] = /^(?:pod|pods|po)\/([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { kind: "pod", namespace, name };
  const address = text.replace(/^\[(.*)\]$/, "$1");
  return isAddress(address) ? { kind: "address", address: canonicalAddress(address) } : undefined;
}

/** `svc/shop/web`, `svc/shop/web:http`, `10.96.0.10:80` or `[fd00::1]:80`; undefined for anything else. */
export function parsePacketTarget(text: string): PacketTarget | undefined {
  const [, namespace, name, port] = /^(?:svc|service|services)\/([^/]+)\/([^/:]+)(?::([^/:]+))?$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { kind: "service", namespace, name, port };
  const target = parseTarget(text);
  return target === undefined ? undefined : { kind: "address", ...target };
}

/** The meaning of names in a request. */
export interface Surroundings {
  /** The node's name. */
  readonly node: string;
  /** Its own address in each family that it has. */
  readonly nodeAddresses: Readonly<Partial<Record<Family, string>>>;
  readonly host: EvaluatedHost;
  readonly services: readonly Service[];
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
