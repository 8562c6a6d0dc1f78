import ipaddr from "ipaddr.js";

/** An address and a port; the address in canonical text. */
export interface Target {
  readonly address: string;
  readonly port: number;
}

/** Canonical text (dotted quad, RFC 5952), so that two spellings of one address are equal. */
export function canonicalAddress(text: string): string {
  return plainIpv4.test(text) ? text : ipaddr.parse(text).toString();
}

/** Nearly all addresses of a rule set: these need no library. */
const plainIpv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}(?<!\.)$/;

export function isAddress(text: string): boolean {
  if (plainIpv4.test(text)) return true;
  return text.includes(":") ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
}

export function isIpv6(text: string): boolean {
  return text.includes(":");
}

/** `10.0.0.1:80` or `[fd00::1]:80`; undefined for anything else. */
export function parseTarget(text: string): Target | undefined {
  const [, v6, v4, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = v6 ?? v4;
  if (address === undefined || !isAddress(address) || Number(port) > 65535) return undefined;
  return { address: canonicalAddress(address), port: Number(port) };
}

export function printTarget({ address, port }: Target): string {
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address as a number, 32 or 128 bits. */
export function addressNumber(text: string): bigint {
  if (plainIpv4.test(text)) return BigInt(text.split(".").reduce((value, octet) => value * 256 + Number(octet), 0));
  return ipaddr
    .parse(text)
    .toByteArray()
    .reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function numberAddress(value: bigint, bits: 32 | 128): string {
  const bytes = Array.from({ length: bits / 8 }, (_, at) => Number((value >> BigInt(bits - 8 * (at + 1))) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

/** Addresses of one family as sorted intervals that neither overlap nor touch. */
export interface AddressSet {
  readonly bits: 32 | 128;
  readonly intervals: readonly Interval[];
}

/** Both ends belong to it. */
export interface Interval {
  readonly from: bigint;
  readonly to: bigint;
}

export function everyAddress(bits: 32 | 128): AddressSet {
  return { bits, intervals: [{ from: 0n, to: (1n << BigInt(bits)) - 1n }] };
}

export function noAddress(bits: 32 | 128): AddressSet {
  return { bits, intervals: [] };
}

/** Of an address, a CIDR whose host bits do not count, or `10.0.0.1-10.0.0.9`. Undefined for other text. */
export function parseAddressSet(text: string): AddressSet | undefined {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const set = readAddressSet(text);
  if (set !== undefined && parsed.size < mostKept) parsed.set(text, set);
  return set;
}

/** The ranges of rules are looked up again and again. */
const parsed = new Map<string, AddressSet>();
const mostKept = 50_000;

function readAddressSet(text: string): AddressSet | undefined {
  if (text.includes("-")) return readRange(text);
  const [address = "", length, ...more] = text.split("/");
  if (!(plainIpv4.test(address) || ipaddr.isValid(address)) || more.length > 0) return undefined;
  const bits = address.includes(":") ? 128 : 32;
  const prefix = length === undefined ? bits : prefixLength(length, bits);
  if (prefix === undefined) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const value = addressNumber(address);
  const from = value - (value % size);
  return { bits, intervals: [{ from, to: from + size - 1n }] };
}

function readRange(text: string): AddressSet | undefined {
  const [from = "", to = "", ...more] = text.split("-");
  if (!isAddress(from) || !isAddress(to) || isIpv6(from) !== isIpv6(to) || more.length > 0) return undefined;
  const interval = { from: addressNumber(from), to: addressNumber(to) };
  return interval.from > interval.to ? undefined : { bits: isIpv6(from) ? 128 : 32, intervals: [interval] };
}

/** `24`, or a mask as older iptables print it: `255.255.255.0`. */
function prefixLength(text: string, bits: 32 | 128): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bits ? Number(text) : undefined;
  if (!ipaddr.isValid(text)) return undefined;
  return ipaddr.parse(text).prefixLengthFromSubnetMask() ?? undefined;
}

export function isEmpty({ intervals }: AddressSet): boolean {
  return intervals.length === 0;
}

export function contains({ intervals }: Pick<AddressSet, "intervals">, value: bigint): boolean {
  return intervals.length > 0 && (intervals[placeOf({ intervals }, value)]?.from ?? value + 1n) <= value;
}

export function intersect(a: AddressSet, b: AddressSet): AddressSet {
  if (isEverything(b)) return a;
  if (isEverything(a)) return b;
  const intervals: Interval[] = [];
  const [firstOfA, firstOfB] = [a.intervals[0]?.from ?? 0n, b.intervals[0]?.from ?? 0n];
  for (let i = placeOf(a, firstOfB), j = placeOf(b, firstOfA); i < a.intervals.length && j < b.intervals.length; ) {
    const [x, y] = [a.intervals[i] as Interval, b.intervals[j] as Interval];
    const { from } = x.from > y.from ? x : y;
    const { to } = x.to < y.to ? x : y;
    if (from <= to) intervals.push({ from, to });
    if (x.to < y.to) i += 1;
    else j += 1;
  }
  return { bits: a.bits, intervals };
}

/** The index of the first interval that does not end before a value. */
export function placeOf({ intervals }: Pick<AddressSet, "intervals">, value: bigint): number {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval).to < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function subtract(a: AddressSet, b: AddressSet): AddressSet {
  return intersect(a, complement(b));
}

export function complement({ bits, intervals }: AddressSet): AddressSet {
  const last = (1n << BigInt(bits)) - 1n;
  const rest: Interval[] = [];
  let from = 0n;
  for (const interval of intervals) {
    if (from < interval.from) rest.push({ from, to: interval.from - 1n });
    from = interval.to + 1n;
  }
  if (from <= last) rest.push({ from, to: last });
  return { bits, intervals: rest };
}

export function unite(sets: readonly AddressSet[], bits: 32 | 128): AddressSet {
  const sorted = sets.flatMap(({ intervals }) => intervals).sort((a, b) => (a.from < b.from ? -1 : 1));
  const intervals: { from: bigint; to: bigint }[] = [];
  for (const { from, to } of sorted) {
    const last = intervals.at(-1);
    if (last === undefined || last.to + 1n < from) intervals.push({ from, to });
    else if (last.to < to) last.to = to;
  }
  return { bits, intervals };
}

export function isEverything({ bits, intervals }: AddressSet): boolean {
  const [only, second] = intervals;
  return second === undefined && only?.from === 0n && only.to === (1n << BigInt(bits)) - 1n;
}

export function isSingle({ intervals }: AddressSet): boolean {
  const [only, second] = intervals;
  return only !== undefined && second === undefined && only.from === only.to;
}

export function sameSet(a: AddressSet, b: AddressSet): boolean {
  return (
    a.intervals.length === b.intervals.length &&
    a.intervals.every(({ from, to }, at) => from === b.intervals[at]?.from && to === b.intervals[at]?.to)
  );
}

export function firstAddress({ bits, intervals }: AddressSet): string | undefined {
  const [first] = intervals;
  return first === undefined ? undefined : numberAddress(first.from, bits);
}

export function lastAddress({ bits, intervals }: AddressSet): string | undefined {
  const last = intervals.at(-1);
  return last === undefined ? undefined : numberAddress(last.to, bits);
}

/** The fewest CIDRs that make up the set, in order: `10.0.0.0/8`, a single address without a length. */
export function printCidrs({ bits, intervals }: AddressSet): readonly string[] {
  return intervals.flatMap(({ from, to }) => cidrsOf(from, to, bits));
}

function cidrsOf(first: bigint, last: bigint, bits: 32 | 128): readonly string[] {
  const cidrs: string[] = [];
  for (let from = first; from <= last; ) {
    let length = bits;
    while (length > 0) {
      const size = 1n << BigInt(bits - length + 1);
      if (from % size !== 0n || from + size - 1n > last) break;
      length = (length - 1) as typeof bits;
    }
    const address = numberAddress(from, bits);
    cidrs.push(length === bits ? address : `${address}/${length}`);
    from += 1n << BigInt(bits - length);
  }
  return cidrs;
}
