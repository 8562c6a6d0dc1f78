import { parseIp } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import { createAddressMap, type Digest } from "./map-address.ts";
import { createNameMap, type NameKind } from "./map-name.ts";
import { type Redaction, redactions } from "./redactions.ts";

/**
 * Replaces each name and address of a snapshot's objects consistently, so that references and the structure of rules
 * are kept. Numbers, protocols, policies, conditions, label keys of Kubernetes and invalid names are unchanged.
 */
export function createRedactor(digest: Digest): (object: unknown) => unknown {
  const maps: Maps = { address: createAddressMap(digest), name: createNameMap(digest) };
  return (object) => {
    const redaction = isRecord(object) ? redactions[String(object.kind)] : undefined;
    return redaction === undefined ? object : redact(object, redaction, maps);
  };
}

interface Maps {
  readonly address: (text: string) => string;
  readonly name: (kind: NameKind, text: string) => string;
}

function redact(value: unknown, redaction: Redaction, maps: Maps): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, redaction, maps));
  if ("addressOr" in redaction)
    return typeof value === "string" ? redactEither(value, redaction.addressOr, maps) : value;
  if ("in" in redaction) return isRecord(value) ? redactFields(value, redaction.in, maps) : value;
  if (redaction.as === "labels") return isRecord(value) ? redactLabels(value, maps) : value;
  if (typeof value !== "string" || redaction.as === "dropped") return value;
  return redaction.as === "addresses" ? redactAddresses(value, maps) : maps.name(redaction.as, value);
}

type Inner = Readonly<Record<string, Redaction>>;

function redactFields(value: Readonly<Record<string, unknown>>, inner: Inner, maps: Maps): object {
  const entries = Object.entries(value).flatMap(([field, given]) => {
    const redaction = Object.hasOwn(inner, field) ? inner[field] : undefined;
    if (redaction === undefined) return [[field, given]];
    if ("as" in redaction && redaction.as === "dropped") return [];
    return [[field, redact(given, redaction, maps)]];
  });
  return Object.fromEntries(entries);
}

function redactLabels(labels: Readonly<Record<string, unknown>>, { name }: Maps): object {
  const entries = Object.entries(labels).map(([key, value]) => [
    name("key", key),
    typeof value === "string" ? name("value", value) : value,
  ]);
  return Object.fromEntries(entries);
}

/** A name may contain an address: `web-10.0.0.1`. */
function redactEither(text: string, kind: NameKind, { address, name }: Maps): string {
  return parseIp(text) === undefined ? name(kind, text) : address(text);
}

/** A text may hold several, with commas or a port: `10.0.0.1:10256`, `10.0.0.0/8,fd00::/8`. */
function redactAddresses(text: string, { address }: Maps): string {
  const whole = address(text);
  if (whole !== text) return whole;
  return text.replace(/[0-9A-Fa-f:.]+(?:\/\d+)?/g, (part) => {
    const mapped = address(part);
    const [, host = "", port = ""] = /^([\d.]+)(:\d+)$/.exec(part) ?? [];
    return mapped === part && port !== "" ? address(host) + port : mapped;
  });
}
