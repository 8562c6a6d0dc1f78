import ipaddr from "ipaddr.js";

export type Family = "ipv4" | "ipv6";

export const families: readonly Family[] = ["ipv4", "ipv6"];

/** The families as the Kubernetes API spells them (`Service.spec.ipFamilies`). */
export const familyNames = { ipv4: "IPv4", ipv6: "IPv6" } as const;

/** A parsed address. `text` is canonical: dotted quad, or RFC 5952 for IPv6. */
export interface IpAddress {
  readonly family: Family;
  readonly text: string;
}

/** A parsed network: host bits masked off, `text` canonical (`10.244.0.0/16`). */
export interface Cidr {
  readonly family: Family;
  readonly text: string;
  readonly prefix: number;
}

const looseIpv4 = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Reads an address as Kubernetes reads its older fields (`ParseIPSloppy` of k8s.io/utils/net): leading
 * zeros are decimal, IPv4-mapped IPv6 is IPv4, zones are refused. Gives undefined for anything else.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (isCanonicalIpv4(text)) return { family: "ipv4", text };
  if (looseIpv4.test(text)) return parseLooseIpv4(text);
  return text.includes(":") ? parseIpv6(text) : undefined;
}

/** A loop rather than a pattern: every endpoint's address comes by here. */
function isCanonicalIpv4(text: string): boolean {
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit === -2 && octet >= 0) {
      dots += 1;
      octet = -1;
    } else if (digit < 0 || digit > 9 || octet === 0) {
      return false;
    } else {
      octet = octet === -1 ? digit : octet * 10 + digit;
      if (octet > 255) return false;
    }
  }
  return dots === 3 && octet >= 0;
}

function parseLooseIpv4(text: string): IpAddress | undefined {
  const octets = text.split(".").map((octet) => Number.parseInt(octet, 10));
  return octets.every((octet) => octet <= 255) ? { family: "ipv4", text: octets.join(".") } : undefined;
}

function parseIpv6(text: string): IpAddress | undefined {
  const spelled = withoutDots(text)?.replace(/(^|:)0+(?=[0-9A-Fa-f])/g, "$1");
  // ipaddr.js also takes zones and other spellings that Go's parser refuses.
  if (spelled === undefined || !/^[0-9A-Fa-f:]+$/.test(spelled)) return undefined;
  if (spelled.split(":").some((group) => group.length > 4) || !ipaddr.IPv6.isValid(spelled)) return undefined;
  const parsed = ipaddr.IPv6.parse(spelled);
  if (parsed.isIPv4MappedAddress()) return { family: "ipv4", text: parsed.toIPv4Address().toString() };
  return { family: "ipv6", text: parsed.toRFC5952String() };
}

/** `::1.2.3.4` as `::102:304`: ipaddr.js would take it for `::ffff:1.2.3.4`. */
function withoutDots(text: string): string | undefined {
  const [, head, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  if (dotted === undefined) return text;
  const octets = parseLooseIpv4(dotted)?.text.split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = octets ?? [];
  return octets && `${head}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

export function isCanonicalIp(text: string, ip: IpAddress): boolean {
  return text === ip.text;
}

/**
 * Reads a network in CIDR notation, as sloppily as `parseIp`; host bits are masked off, as kube-proxy masks them. An
 * IPv4-mapped network of at least 96 bits is an IPv4 one, as Go prints it.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash === -1) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const prefix = parsePrefix(text.slice(slash + 1));
  if (ip === undefined || prefix === undefined) return undefined;
  const isMapped = ip.family === "ipv4" && text.includes(":");
  if (isMapped && prefix < 96) return networkOf({ family: "ipv6", text: `::ffff:${ip.text}` }, prefix);
  return networkOf(ip, isMapped ? prefix - 96 : prefix);
}

function networkOf(ip: IpAddress, prefix: number): Cidr | undefined {
  if (prefix > (ip.family === "ipv4" ? 32 : 128)) return undefined;
  const network = maskedText(ip, prefix);
  return { family: ip.family, text: `${network}/${prefix}`, prefix };
}

function parsePrefix(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number.parseInt(text, 10) : undefined;
}

function maskedText(ip: IpAddress, prefix: number): string {
  return ip.family === "ipv4"
    ? ipaddr.IPv4.networkAddressFromCIDR(`${ip.text}/${prefix}`).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${ip.text}/${prefix}`).toRFC5952String();
}

/** As parseIp and parseCidr read them. */
export function isAddressOrCidr(text: string): boolean {
  return parseIp(text) !== undefined || parseCidr(text) !== undefined;
}

export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.family !== ip.family) return false;
  const [network, prefix] = ipaddr.parseCIDR(cidr.text);
  return ipaddr.parse(ip.text).match(network, prefix);
}

export type SpecialRange = "unspecified" | "loopback" | "link-local" | "link-local multicast";

/** The range that makes an address unfit as an endpoint or external IP (the API server's ValidateEndpointIP). */
export function specialRange(ip: IpAddress): SpecialRange | undefined {
  return ip.family === "ipv4" ? specialIpv4(ip.text) : specialIpv6(ip.text);
}

function specialIpv4(text: string): SpecialRange | undefined {
  if (text === "0.0.0.0") return "unspecified";
  if (text.startsWith("127.")) return "loopback";
  if (text.startsWith("169.254.")) return "link-local";
  if (text.startsWith("224.0.0.")) return "link-local multicast";
  return undefined;
}

function specialIpv6(text: string): SpecialRange | undefined {
  if (text === "::") return "unspecified";
  if (text === "::1") return "loopback";
  if (/^fe[89ab][0-9a-f]:/.test(text)) return "link-local";
  if (/^ff[0-9a-f]2:/.test(text)) return "link-local multicast";
  return undefined;
}

export function isLoopback(ip: IpAddress): boolean {
  return specialRange(ip) === "loopback";
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function joinHostPort(ip: IpAddress, port: number): string {
  return ip.family === "ipv4" ? `${ip.text}:${port}` : `[${ip.text}]:${port}`;
}
