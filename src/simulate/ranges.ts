import ipaddr from "ipaddr.js";
import type { Cidr, Family } from "../model/address.ts";
import type { Pool } from "./allocate.ts";

const widths: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };
/** An IPv6 range has more addresses than anybody counts; these are enough, and short to read. */
const mostBits = 24;

/** The addresses of a network, without its first (the network itself, or the router) and, of IPv4, its last. */
export function poolOf(cidr: Cidr, taken: Set<string>): Pool {
  const bits = Math.min(widths[cidr.family] - cidr.prefix, mostBits);
  const size = 2 ** bits - 1 - (cidr.family === "ipv4" ? 1 : 0);
  const first = numberOf(cidr);
  return { size: Math.max(0, size), spell: (offset) => spell(cidr.family, first + BigInt(offset + 1)), taken };
}

/** How many blocks of this prefix a network has. */
export function blockCount(cidr: Cidr, prefix: number): number {
  return prefix < cidr.prefix ? 0 : 2 ** Math.min(prefix - cidr.prefix, mostBits);
}

/** One of the blocks of a network, from 0. */
export function blockOf(cidr: Cidr, prefix: number, index: number): Cidr {
  const start = numberOf(cidr) + (BigInt(index) << BigInt(widths[cidr.family] - prefix));
  return { family: cidr.family, prefix, text: `${spell(cidr.family, start)}/${prefix}` };
}

/** The block of this prefix that a network of the same or a longer one is in. */
export function blockAround(inner: Cidr, prefix: number): Cidr {
  const rest = BigInt(widths[inner.family] - prefix);
  return { family: inner.family, prefix, text: `${spell(inner.family, (numberOf(inner) >> rest) << rest)}/${prefix}` };
}

function numberOf({ text }: Cidr): bigint {
  const [network] = ipaddr.parseCIDR(text);
  return network.toByteArray().reduce((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
}

function spell(family: Family, number: bigint): string {
  if (family === "ipv4") return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => Number((number >> BigInt(16 * (7 - index))) & 0xffffn));
  return new ipaddr.IPv6(groups).toRFC5952String();
}
