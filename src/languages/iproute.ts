import type { Feature } from "../ir/artifact.ts";
import { parseIp } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import { type HostLanguage, parseParts } from "./language.ts";

/** An address to bind to an interface: a line of `ip -batch`. */
export interface DeviceAddress {
  /** `10.96.0.10/32` */
  readonly cidr: string;
  readonly device: string;
}

/** The heading of a batch; collect never prints it. */
export const batchHeading = "ip -batch";
export const linksCommand = "ip -j addr";

/** ip -batch, and ip -j addr. */
export const iproute: HostLanguage<readonly DeviceAddress[]> = {
  id: "iproute",
  files: [{ name: "addresses.batch", heading: batchHeading, isSave: true }],
  collect: [{ command: linksCommand }],
  recognize: (line) => line.startsWith("addr replace "),
  parse: (parts) => parseParts(parts, (text) => ({ values: parseBatch(text), problems: [] })),
  write: (addresses) => addresses.map(({ cidr, device }) => `${replaceAddress(cidr, device)}\n`).join(""),
  probes: (steps) => steps.filter(({ argv }) => argv.includes("dummy")).map(() => dummyDevice),
};

const dummyDevice: Feature = { name: "device type dummy", commands: ["ip link add probe0 type dummy"] };

/** The line of `ip -batch` that binds an address, whether or not it is bound already. */
export function replaceAddress(cidr: string, device: string): string {
  return `addr replace ${cidr} dev ${device}`;
}

function parseBatch(text: string): readonly DeviceAddress[] {
  return [...text.matchAll(/^addr replace (\S+) dev (\S+)/gm)].map(([, cidr = "", device = ""]) => ({ cidr, device }));
}

/** The address of `10.96.0.10/32`. */
export function withoutLength(cidr: string): string {
  return cidr.replace(/\/\d+$/, "");
}

/** An interface of a host. */
export interface Link {
  readonly name: string;
  readonly loopback: boolean;
  readonly ips: readonly string[];
  /** Those that the kernel assigns to an interface by itself. */
  readonly linkLocal: readonly string[];
}

/** Reads `ip -j addr`; undefined for anything else. Elements that are not interfaces are ignored. */
export function parseLinks(json: string): readonly Link[] | undefined {
  if (json.trim() === "") return [];
  let links: unknown;
  try {
    links = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(links)) return undefined;
  return links.filter(isRecord).map(({ ifname, link_type, addr_info }) => {
    const all = (Array.isArray(addr_info) ? addr_info.filter(isRecord) : []).flatMap(({ local, scope }) =>
      typeof local === "string" && parseIp(local) !== undefined ? [{ local, isLinkLocal: scope === "link" }] : [],
    );
    return {
      name: String(ifname),
      loopback: link_type === "loopback",
      ips: all.map(({ local }) => local),
      linkLocal: all.filter(({ isLinkLocal }) => isLinkLocal).map(({ local }) => local),
    };
  });
}

/** The addresses that were added to a device, without those that the kernel assigns. */
export function givenAddresses({ ips, linkLocal }: Link): readonly string[] {
  return ips.filter((ip) => !linkLocal.includes(ip));
}
