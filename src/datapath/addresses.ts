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

const plainIpv4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

export function isAddress(text: string): boolean {
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
