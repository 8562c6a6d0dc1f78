import ipaddr from "ipaddr.js";
import { type Family, parseIp } from "../../model/address.ts";
import { numberOf } from "./words.ts";

/** Values that follow each other, both ends included: addresses, or numbers such as ports and marks. */
export interface ValueRange {
  readonly kind: Family | "number";
  readonly first: bigint;
  readonly last: bigint;
}

const bitsOf: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

/** Of a network, by its address and the length of its prefix. */
export function rangeOfNetwork(family: Family, address: string, prefix: number): ValueRange {
  const value = ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const size = 1n << BigInt(bitsOf[family] - prefix);
  const first = value - (value % size);
  return { kind: family, first, last: first + size - 1n };
}

/** In order, and merged where they overlap or touch, as the kernel does it. All are of one kind. */
export function mergeRanges(ranges: readonly ValueRange[]): readonly ValueRange[] {
  const found: ValueRange[] = [];
  for (const range of [...ranges].sort((a, b) => (a.first < b.first ? -1 : Number(a.first > b.first)))) {
    const before = found.at(-1);
    if (before === undefined || range.first > before.last + 1n) found.push(range);
    else if (range.last > before.last) found[found.length - 1] = { ...before, last: range.last };
  }
  return found;
}

/** As a network where it is one, and as a single value where it has no other. */
export function printRange({ kind, first, last }: ValueRange): string {
  if (first === last) return printValue(kind, first);
  const size = last - first + 1n;
  const hostBits = size.toString(2).length - 1;
  const isNetwork = kind !== "number" && size === 1n << BigInt(hostBits) && first % size === 0n;
  if (!isNetwork) return `${printValue(kind, first)}-${printValue(kind, last)}`;
  return `${printValue(kind, first)}/${bitsOf[kind] - hostBits}`;
}

function printValue(kind: ValueRange["kind"], value: bigint): string {
  if (kind === "number") return String(value);
  if (kind === "ipv4") return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = value.toString(16).padStart(32, "0").match(/.{4}/g) ?? [];
  return parseIp(groups.join(":"))?.text ?? "";
}

/** A listing has their names or, with -nn, their numbers. */
const protocols: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, dccp: 33, "ipv6-icmp": 58, sctp: 132 };

/**
 * The elements of a set as few ranges in order, however they are spelled: `10.0.0.0/9` and `10.128.0.0/9` are
 * `10.0.0.0/8`. Undefined where one of them is no address, network, number or range, or they are of several kinds.
 */
export function canonicalRanges(texts: readonly string[]): readonly string[] | undefined {
  const ranges: ValueRange[] = [];
  for (const text of texts) {
    const range = parseRange(text);
    if (range === undefined || range.kind !== (ranges[0] ?? range).kind) return undefined;
    ranges.push(range);
  }
  return mergeRanges(ranges).map(printRange);
}

function parseRange(text: string): ValueRange | undefined {
  const [, left = text, right] = /^([\da-f.:x]+)-([\da-f.:x]+)$/i.exec(text) ?? [];
  if (right !== undefined) {
    const [first, last] = [parseRange(left), parseRange(right)];
    if (first === undefined || last === undefined || first.kind !== last.kind) return undefined;
    return last.last < first.first ? undefined : { ...first, last: last.last };
  }
  const number = protocols[text] ?? numberOf(text);
  if (number !== undefined) return { kind: "number", first: BigInt(number), last: BigInt(number) };
  const [, address = text, length] = /^(.*)\/(\d{1,3})$/.exec(text) ?? [];
  const ip = /^[\da-f.:]+$/i.test(address) ? parseIp(address) : undefined;
  if (ip === undefined) return undefined;
  const prefix = length === undefined ? bitsOf[ip.family] : Number(length);
  return prefix > bitsOf[ip.family] ? undefined : rangeOfNetwork(ip.family, ip.text, prefix);
}
