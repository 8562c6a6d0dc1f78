import { at, type Place } from "../../diagnostics/place.ts";
import { type Cidr, type IpAddress, isCanonicalIp, parseCidr, parseIp, specialRange } from "../address.ts";
import type { Fields, Placed } from "./fields.ts";

/**
 * An address of a field older than strict validation: unusual spellings are warned about and read as
 * kube-proxy reads them (the API server's IsValidIPForLegacyField on stored objects).
 */
export function parseLegacyIp(fields: Fields, text: string, place: Place): IpAddress | undefined {
  const ip = parseIp(text);
  if (ip === undefined) fields.report("ip-invalid", place, { value: text });
  else if (!isCanonicalIp(text, ip)) fields.report("ip-not-canonical", place, { value: text, canonical: ip.text });
  return ip;
}

/** An address that must be able to carry traffic: no loopback, link-local or unspecified one. */
export function parseReachableIp(fields: Fields, text: string, place: Place): IpAddress | undefined {
  const ip = parseLegacyIp(fields, text, place);
  const range = ip === undefined ? undefined : specialRange(ip);
  if (range === undefined) return ip;
  fields.report("ip-special", place, {
    value: text,
    range: `${range === "unspecified" ? "an" : "a"} ${range} address`,
  });
  return undefined;
}

/** A network; host bits and leading zeros (and blanks, where `text` is without them) are warned about and dropped. */
export function parseLegacyCidr(fields: Fields, { value, place }: Placed<string>, text = value): Cidr | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) fields.report("cidr-invalid", place, { value });
  else if (value !== cidr.text) fields.report("cidr-not-canonical", place, { value, canonical: cidr.text });
  return cidr;
}

/** Reports `field` when its text is set and is none of `allowed`; undefined then. */
export function oneOf<T extends string>(
  fields: Fields,
  field: string,
  text: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  for (const value of allowed) if (value === text) return value;
  fields.report("value-not-supported", at(fields.place, field), { field, wanted: allowed.join(", "), got: text });
  return undefined;
}
