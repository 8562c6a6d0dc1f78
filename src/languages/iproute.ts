import { parseIp } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";

/** An interface of a host. */
export interface Link {
  readonly name: string;
  readonly loopback: boolean;
  readonly ips: readonly string[];
}

/**
 * What `ip -j addr` prints; undefined where it is something else. What in it is no interface is passed over. `dummy` is
 * the device that was made to carry addresses.
 */
export function parseLinks(json: string, dummy: string): readonly Link[] | undefined {
  if (json.trim() === "") return [];
  let links: unknown;
  try {
    links = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(links)) return undefined;
  return links.filter(isRecord).map(({ ifname, link_type, addr_info }) => ({
    name: String(ifname),
    loopback: link_type === "loopback",
    // The kernel gives an IPv6 link-local address to the dummy device by itself.
    ips: (Array.isArray(addr_info) ? addr_info.filter(isRecord) : [])
      .filter(({ scope }) => ifname !== dummy || scope !== "link")
      .flatMap(({ local }) => (typeof local === "string" && parseIp(local) !== undefined ? [local] : [])),
  }));
}
