import ipaddr from "ipaddr.js";
import { type Family, type IpAddress, parseCidr, parseIp } from "../model/address.ts";

/** A one-way function from texts to hexadecimal digits, with a secret key. */
export type Digest = (text: string) => string;

/** Ranges that Kubernetes treats specially: their addresses are unchanged. */
const unchanged: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"],
  ipv6: ["::/80", "fe80::/10", "ff00::/8"],
};

/** An address in one of these ranges is mapped within it: private addresses stay recognisable. */
const closed: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"],
  ipv6: ["2000::/3", "fc00::/7"],
};

/**
 * Makes a function that gives each address another one. Two addresses that share their first n bits share as many
 * afterwards and no more, so networks stay networks and hold the same members (as Crypto-PAn does it). Texts that are
 * no address and no network stay.
 */
export function createAddressMap(digest: Digest): (text: string) => string {
  const flips = new Map<string, boolean>();
  const isFlipped = (family: Family, prefix: string): boolean => {
    const key = `${family} ${prefix}`;
    let flipped = flips.get(key);
    if (flipped === undefined) {
      flipped = !isKept(family, prefix) && Number.parseInt(digest(key).slice(0, 1), 16) % 2 === 1;
      flips.set(key, flipped);
    }
    return flipped;
  };
  const mapBits = (family: Family, bits: string, count: number): string => {
    let mapped = "";
    for (let i = 0; i < count; i++) mapped += isFlipped(family, bits.slice(0, i)) === (bits[i] === "0") ? "1" : "0";
    return mapped.padEnd(bits.length, "0");
  };
  const known = new Map<string, string>();
  const map = (text: string): string => {
    const cidr = parseCidr(text);
    const [address = ""] = text.split("/");
    const ip = parseIp(address);
    if (ip === undefined || (cidr === undefined && address !== text)) return text;
    const bits = bitsOf(ip);
    if (cidr === undefined) return textOf(ip.family, mapBits(ip.family, bits, bits.length));
    // Host bits that should be zero, but are not, are kept.
    const count = cidr.text === text && cidr.family === ip.family ? cidr.prefix : bits.length;
    return textOf(ip.family, mapBits(ip.family, bits, count)) + text.slice(address.length);
  };
  return (text) => {
    let mapped = known.get(text);
    if (mapped === undefined) {
      mapped = map(text);
      known.set(text, mapped);
    }
    return mapped;
  };
}

/** Whether the bit after this prefix is kept: it decides whether an address is in one of the ranges. */
function isKept(family: Family, prefix: string): boolean {
  const isWithin = (range: string): boolean => prefix.startsWith(range);
  const leadsTo = (range: string): boolean => range.startsWith(prefix) && range !== prefix;
  return (
    keptBits[family].unchanged.some((range) => isWithin(range) || leadsTo(range)) ||
    keptBits[family].closed.some(leadsTo)
  );
}

const keptBits = {
  ipv4: { unchanged: unchanged.ipv4.map(networkBits), closed: closed.ipv4.map(networkBits) },
  ipv6: { unchanged: unchanged.ipv6.map(networkBits), closed: closed.ipv6.map(networkBits) },
} as const;

function networkBits(text: string): string {
  const [address = "", prefix] = text.split("/");
  const ip = parseIp(address);
  return ip === undefined ? "" : bitsOf(ip).slice(0, Number(prefix));
}

function bitsOf({ text }: IpAddress): string {
  return ipaddr
    .parse(text)
    .toByteArray()
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
}

function textOf(family: Family, bits: string): string {
  const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
  if (family === "ipv4") return bytes.join(".");
  return new ipaddr.IPv6(bytes).toRFC5952String();
}
