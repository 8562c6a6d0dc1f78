import type { Feature } from "../ir/artifact.ts";
import { parseIp } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import { type DividedText, type HostLanguage, parseParts, type TextForm } from "./language.ts";

/** An address to bind to an interface: a line of `ip -batch`. */
export interface DeviceAddress {
  /** `10.96.0.10/32` */
  readonly cidr: string;
  readonly device: string;
}

/** The heading of a batch; collect never prints it. */
export const batchHeading = "ip -batch";
export const linksCommand = "ip -j addr";

export const routesCommand = "ip -j route";

const batchForm: TextForm = { printedBy: "ip -batch", begins: (line) => line.startsWith("addr replace ") };

/** The JSON of `ip -j`, with -p on several lines. */
const jsonForm: TextForm = {
  printedBy: "ip -j addr",
  begins: (line) => /^\[ ?\{(?:$|.*"(?:ifname|dst)":)/.test(line),
  depthAfter: (line, depth) => depth + bracketsIn(line, /[[{]/g) - bracketsIn(line, /[\]}]/g),
  isNested: true,
};

function bracketsIn(line: string, kind: RegExp): number {
  return line.match(kind)?.length ?? 0;
}

const linkHeading = /^\d+: ([^\s:@]+)(?:@\S+)?: <([A-Z_,-]*)>/;
const briefLink = /^([\w.-]+)(?:@\S+)? +(?:UP|DOWN|UNKNOWN|LOWERLAYERDOWN) +([\da-f.:]+\/\d+(?: .*)?)$/;

const linksForm: TextForm = {
  printedBy: "ip addr",
  begins: (line) => linkHeading.test(line) || briefLink.test(line),
  continues: (line) => /^(?:link\/|inet6? |valid_lft |altname )/.test(line),
};

const destination = "(?:default|[\\d.]+(?:/\\d+)?|[\\da-f]*:[\\da-f:]*(?:/\\d+)?)";
const kinds = "(?:unicast|local|broadcast|multicast|anycast|blackhole|unreachable|prohibit|throw)";
const routeLine = new RegExp(`^(?:${kinds} )?${destination} .*\\b(?:dev|via|proto|nexthop) \\S`);

const routesForm: TextForm = {
  printedBy: "ip route",
  begins: (line) => routeLine.test(line),
  continues: (line) => line.startsWith("nexthop via "),
};

/** By what prints such a text: addresses, routes, or a batch. */
function divideByCommand(text: string): readonly DividedText[] {
  const first = text.trimStart().split("\n", 1)[0] ?? "";
  const isRoutes =
    routeLine.test(first) || (first.startsWith("[") && text.includes('"dst"') && !text.includes('"addr_info"'));
  const heading = first.startsWith("addr replace ") ? batchHeading : isRoutes ? routesCommand : linksCommand;
  return [{ family: undefined, heading, text, assumed: undefined }];
}

/** ip -batch, ip addr and ip route. */
export const iproute: HostLanguage<readonly DeviceAddress[]> = {
  id: "iproute",
  files: [{ name: "addresses.batch", heading: batchHeading, isSave: true }],
  collect: [{ command: linksCommand }],
  forms: [batchForm, jsonForm, linksForm, routesForm],
  divide: divideByCommand,
  parse: (parts) => parseParts(parts, (text) => ({ values: parseBatch(text), problems: [] })),
  write: (addresses) => addresses.map(({ cidr, device }) => `${replaceAddress(cidr, device)}\n`).join(""),
  probes: (steps) => steps.filter(({ argv }) => argv.includes("dummy")).map(() => dummyDevice),
  lineKey: (line) => (line.startsWith("addr ") ? `addr ${line.split(" ")[2]}` : line),
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

/** Reads `ip -j addr` or `ip addr`; undefined for anything else. Elements that are not interfaces are ignored. */
export function parseLinks(text: string): readonly Link[] | undefined {
  const json = text.trim();
  if (json === "") return [];
  if (linkHeading.test(json) || briefLink.test(json.split("\n", 1)[0] ?? "")) return parseLinkLines(json);
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

function parseLinkLines(text: string): readonly Link[] {
  const links: { name: string; loopback: boolean; ips: string[]; linkLocal: string[] }[] = [];
  const add = (ip: string, isLinkLocal: boolean): void => {
    if (parseIp(ip) === undefined) return;
    links.at(-1)?.ips.push(ip);
    if (isLinkLocal) links.at(-1)?.linkLocal.push(ip);
  };
  for (const line of text.split("\n").map((each) => each.trim())) {
    const [, name, flags = ""] = linkHeading.exec(line) ?? [];
    const [, brief, listed = ""] = briefLink.exec(line) ?? [];
    const [, address, more = ""] = /^inet6? ([\da-fA-F.:]+)(.*)$/.exec(line) ?? [];
    if (name !== undefined) links.push({ name, loopback: flags.includes("LOOPBACK"), ips: [], linkLocal: [] });
    else if (brief !== undefined) {
      links.push({ name: brief, loopback: brief === "lo", ips: [], linkLocal: [] });
      for (const cidr of listed.split(/ +/)) add(withoutLength(cidr), cidr.startsWith("fe80:"));
    } else if (address !== undefined) add(address, / scope link\b/.test(more));
  }
  return links;
}

/** The addresses that were added to a device, without those that the kernel assigns. */
export function givenAddresses({ ips, linkLocal }: Link): readonly string[] {
  return ips.filter((ip) => !linkLocal.includes(ip));
}
