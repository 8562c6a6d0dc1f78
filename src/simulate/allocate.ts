import ipaddr from "ipaddr.js";
import type { Cidr, Family } from "../model/address.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import { sha256Number } from "../model/sha256.ts";

/** The range from which addresses or ports are allocated. */
export interface Pool {
  /** Offsets are from 0 to size - 1. */
  readonly size: number;
  readonly spell: (offset: number) => string;
  /** Everything that is in use already. Grows with each allocation. */
  readonly taken: Set<string>;
}

/** Allocations by name. Passed to another state, they give the same name the same value. */
export type Allocations = Map<string, string>;

const probes = 32;

/**
 * Gives each name a free value of a pool: its previous one, or one by its hash. Conflicts are resolved in name order.
 * Other names thus rarely affect it. If the pool is full, names are left out.
 */
export function allocate(pool: Pool, names: Iterable<string>, held: Allocations): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const give = (name: string, what: string): void => {
    given.set(name, what);
    pool.taken.add(what);
    held.set(name, what);
  };
  const sorted = [...new Set(names)].sort(compareBytes);
  for (const name of sorted) {
    const known = held.get(name);
    if (known !== undefined && !pool.taken.has(known)) give(name, known);
  }
  for (const name of sorted) {
    if (given.has(name)) continue;
    const found = findFree(pool, name);
    if (found !== undefined) give(name, found);
    // The whole pool was searched, so the other names need not be tried.
    else if (pool.size <= mostWalked) break;
  }
  return given;
}

/** Tries several hashes first, so that values with conflicts are not adjacent; then one offset after the other. */
function findFree({ size, spell, taken }: Pool, name: string): string | undefined {
  for (let probe = 0; probe < probes && size > 0; probe++) {
    const found = spell(sha256Number(`${name}#${probe}`) % size);
    if (!taken.has(found)) return found;
  }
  if (size > mostWalked) return undefined;
  for (let offset = 0; offset < size; offset++) {
    const found = spell(offset);
    if (!taken.has(found)) return found;
  }
  return undefined;
}

/** No pool of this size is ever filled. */
const mostWalked = 1 << 20;

const widths: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };
/** An IPv6 range is too large to use completely; this many bits are enough, and give short addresses. */
const mostBits = 24;

/** The addresses of a network, without the first one and, for IPv4, the last one. */
export function poolOf(cidr: Cidr, taken: Set<string>): Pool {
  const bits = Math.min(widths[cidr.family] - cidr.prefix, mostBits);
  const size = 2 ** bits - 1 - (cidr.family === "ipv4" ? 1 : 0);
  const first = numberOf(cidr);
  return { size: Math.max(0, size), spell: (offset) => spell(cidr.family, first + BigInt(offset + 1)), taken };
}

/** The number of blocks of this prefix length in a network. */
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
