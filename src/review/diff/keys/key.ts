import { printTarget } from "../../../evaluate/addresses.ts";
import type { ConnectionState, Protocol } from "../../../evaluate/packet.ts";

export const protocols: readonly Protocol[] = ["tcp", "udp", "sctp"];

/** A destination to look at: all packets to it are asked about, from every source. */
export interface Key {
  /** `bound`: a port of one of the addresses of Services that the host carries, which stands for all of them. */
  readonly kind: "address" | "node-port" | "other-ports" | "bound" | "elsewhere";
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly state: ConnectionState;
  /** Whether rules, sets or servers of each of the hosts ask for this address and port. */
  readonly isNamed?: readonly boolean[];
  /** Of an address elsewhere: the smallest network that rules ask for and that it lies in. */
  readonly network?: string;
  /** Of an address elsewhere: the port stands for all that no rule asks for. */
  readonly isAnyPort?: boolean;
}

export function isIpv6Key({ address }: Key): boolean {
  return address.includes(":");
}

/** `10.96.0.10:80/TCP`, `nodePort 30080/TCP`, `10.96.0.10, other ports`, `everything else`. */
export function vipOf({ kind, address, port, protocol, state }: Key): string {
  const name = protocol.toUpperCase();
  switch (kind) {
    case "address":
      return `${printTarget({ address, port })}/${name}`;
    case "node-port":
      return `nodePort ${port}/${name}`;
    case "other-ports":
      return `${address}, other ${name} ports`;
    case "bound":
      return `port ${port}/${name} of addresses of Services`;
    case "elsewhere":
      return state === "NEW" ? `everything else (${name})` : `packets that conntrack calls ${state}`;
  }
}
