import type { SavedRealServer } from "../../src/tools/ipvs/parse.ts";
import { parseAddressPort } from "./addresses.ts";
import type { Left } from "./chains.ts";
import type { Flow, IpvsState } from "./packet.ts";
import { share, times } from "./share.ts";

/** Schedulers that spread clients over real servers by weight in the long run; those of the first line ignore it. */
const EQUAL = ["rr", "lc"];
const BY_WEIGHT = ["wrr", "wlc", "sed", "nq", "sh", "mh"];

/**
 * What IPVS does with a packet: sends it on when it is for a virtual server, and refuses it when that has no real
 * server. Every other packet passes.
 */
export function balance(flow: Flow, { servers }: IpvsState): readonly Left[] {
  const server = servers.find(({ protocol, address }) => {
    const served = parseAddressPort(address);
    return protocol === flow.packet.protocol && served?.address === flow.destination && served.port === flow.port;
  });
  if (server === undefined) return [{ flow, how: "accepted" }];
  const weights = server.realServers.map((real) => weightOf(real, server.scheduler));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  if (all === 0) return [{ flow, how: "rejected" }];
  return server.realServers.flatMap((real, at) => {
    const weight = weights[at] ?? 0;
    if (weight === 0) return [];
    const to = targetOf(real);
    const part = times(flow.share, share(weight, all));
    return [
      {
        flow: { ...flow, share: part, destination: to.address, port: to.port, virtualServer: server },
        how: "accepted",
      },
    ];
  });
}

function weightOf({ weight }: SavedRealServer, scheduler: string): number {
  if (EQUAL.includes(scheduler)) return Math.min(weight, 1);
  if (BY_WEIGHT.includes(scheduler)) return weight;
  throw new Error(`scheduler ${scheduler} is not modelled`);
}

function targetOf({ address, forwarding }: SavedRealServer): { readonly address: string; readonly port: number } {
  const target = parseAddressPort(address);
  if (target === undefined) throw new Error(`${address} is no address and port`);
  if (forwarding !== "masquerade") throw new Error(`forwarding by ${forwarding} is not modelled`);
  return target;
}
