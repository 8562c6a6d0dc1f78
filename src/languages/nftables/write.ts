import type { Cidr, Family } from "../../model/address.ts";
import { mergeRanges, printRange, rangeOfNetwork } from "./ranges.ts";

/** The input of `nft -f`, spelled as `nft -s list table` (1.0.6) prints it wherever that loads again. */

/** The table's family, and the keyword of matches on addresses. */
export const nftFamily = { ipv4: "ip", ipv6: "ip6" } as const satisfies Readonly<Record<Family, string>>;

/** The type of addresses in sets. */
export const addressType = { ipv4: "ipv4_addr", ipv6: "ipv6_addr" } as const satisfies Readonly<Record<Family, string>>;

/** `10.0.0.1`, `192.0.2.0/24`: one of full length is printed as an address. */
export function network(cidr: Cidr): string {
  return cidr.prefix === (cidr.family === "ipv4" ? 32 : 128) ? cidr.text.slice(0, cidr.text.indexOf("/")) : cidr.text;
}

/** An anonymous set of networks: in order, and merged where they overlap or touch, as the kernel does it. */
export function networks(cidrs: readonly Cidr[]): string {
  const [first, second] = cidrs;
  if (first !== undefined && second === undefined) return network(first);
  const ranges = mergeRanges(
    cidrs.map(({ family, text, prefix }) => rangeOfNetwork(family, text.slice(0, text.indexOf("/")), prefix)),
  ).map(printRange);
  return ranges.length === 1 ? ranges.join() : `{ ${ranges.join(", ")} }`;
}

/** nft refuses longer comments. */
export const longestComment = 128;

export function comment(text: string): string {
  return ` comment "${text}"`;
}

/** Of an interface, or of all whose names begin so: `eth0`, `cali*`. */
export function interfaceName(name: string): string {
  return `"${name}"`;
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

/** Matches packets with a bit of the mark. The highest bit is printed as a prefix of length 1. */
export function hasMark(bit: number): string {
  return bit === highestBit ? "meta mark != 0x00000000/1" : `meta mark & ${hexadecimal(bit)} != 0x00000000`;
}

const highestBit = 2 ** 31;

export function setMarkBit(bit: number): string {
  return `meta mark set meta mark | ${hexadecimal(bit)}`;
}

export function flipMarkBit(bit: number): string {
  return `meta mark set meta mark ^ ${hexadecimal(bit)}`;
}

/** The lines of a set that packets add their clients to, each for a time. */
export function clientSet(family: Family, timeoutSeconds: number): readonly string[] {
  const timeout = `timeout ${duration(timeoutSeconds)}`;
  // The kernel's default size is printed as well.
  return [`type ${addressType[family]}`, "size 65535", "flags dynamic,timeout", timeout];
}

/** `1d2h3m4s`, without what is zero. */
function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  const parts = [`${days}d`, `${hours}h`, `${minutes}m`, `${seconds % 60}s`];
  return parts.filter((part) => !part.startsWith("0")).join("") || "0s";
}

/** One of so many entries at random: `numgen random mod 2 map { 0 : A, 1 : B }`. */
export function randomEntry(kind: "map" | "vmap", entries: readonly string[]): string {
  // Joined, which makes one flat text: concatenated, each of its pieces would be kept until the end (measured).
  const numbered = entries.map((entry, at) => `${at} : ${entry}`).join(", ");
  return `numgen random mod ${entries.length} ${kind} { ${numbered} }`;
}
