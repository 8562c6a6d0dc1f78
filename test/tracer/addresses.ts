import ipaddr from "ipaddr.js";

/** The tracer's own spelling of an address, so that two spellings of one are equal. */
export function canonicalAddress(text: string): string {
  return ipaddr.parse(text).toString();
}

export function isAddress(text: string): boolean {
  return text.includes(":") ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
}

export function isIpv6(text: string): boolean {
  return text.includes(":");
}

export function rangeContains(range: string, address: string): boolean {
  const [network = "", length] = range.split("/");
  const subnet = ipaddr.parse(network);
  const member = ipaddr.parse(address);
  if (subnet.kind() !== member.kind()) return false;
  return member.match(subnet, length === undefined ? subnet.toByteArray().length * 8 : Number(length));
}

export function isLoopback(address: string): boolean {
  return rangeContains(isIpv6(address) ? "::1/128" : "127.0.0.0/8", address);
}

/** `10.0.0.1:80` or `[fd00::1]:80`; undefined for anything else. */
export function parseAddressPort(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, v6, v4, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = v6 ?? v4;
  if (address === undefined || !isAddress(address) || Number(port) > 65535) return undefined;
  return { address: canonicalAddress(address), port: Number(port) };
}

export function printAddressPort(address: string, port: number): string {
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
