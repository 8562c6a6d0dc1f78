import { isAddressOrCidr, parseIp } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import { fieldsRead } from "./fields-read.ts";
import { createAddressMap, type Digest } from "./map-address.ts";
import { createNameMap, createScrambler, isPlainValue, type NameKind } from "./map-name.ts";
import { type Redaction, redactions } from "./redactions.ts";

/**
 * Replaces each name and address of a snapshot's objects consistently, so that references and the structure of rules
 * are kept. Numbers, protocols, policies, conditions and label keys of Kubernetes are unchanged. All other text is
 * replaced letter by letter.
 */
export function createRedactor(digest: Digest): (object: unknown) => unknown {
  const maps: Maps = {
    address: createAddressMap(digest),
    name: createNameMap(digest),
    text: createScrambler(digest),
  };
  return (object) => {
    if (!isRecord(object)) return redactRest(object, maps);
    const { apiVersion, kind, ...fields } = object;
    const redaction = redactions[String(kind)];
    const isKnown = redaction !== undefined && fieldsRead.has(`${apiVersion} ${kind}`);
    const redacted = isKnown ? redact(fields, redaction, maps) : redactRest(fields, maps);
    return { apiVersion, kind, ...(isRecord(redacted) ? redacted : {}) };
  };
}

interface Maps {
  readonly address: (text: string) => string;
  readonly name: (kind: NameKind, text: string) => string;
  /** For all other text. */
  readonly text: (text: string) => string;
}

function redact(value: unknown, redaction: Redaction, maps: Maps): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, redaction, maps));
  if ("addressOr" in redaction)
    return typeof value === "string" ? redactEither(value, redaction.addressOr, maps) : redactRest(value, maps);
  if ("in" in redaction) return isRecord(value) ? redactFields(value, redaction.in, maps) : redactRest(value, maps);
  if ("list" in redaction) return redactList(value, redaction.list, maps);
  if (redaction.as === "labels") return isRecord(value) ? redactLabels(value, maps) : redactRest(value, maps);
  if (typeof value !== "string" || redaction.as === "dropped") return redactRest(value, maps);
  return redaction.as === "addresses" ? redactAddresses(value, maps) : maps.name(redaction.as, value);
}

/** A value that no redaction describes: a number or a policy, but also text in a place where none belongs. */
function redactRest(value: unknown, maps: Maps): unknown {
  if (typeof value === "string") return isPlainValue(value) ? value : maps.text(value);
  if (Array.isArray(value)) return value.map((item) => redactRest(item, maps));
  return isRecord(value) ? redactFields(value, {}, maps) : value;
}

/** Words with commas between them, of which the known ones are kept. */
function redactList(value: unknown, known: RegExp, maps: Maps): unknown {
  if (typeof value !== "string") return redactRest(value, maps);
  return value.replace(/[^\s,]+/g, (word) => (known.test(word) ? word : maps.text(word)));
}

type Inner = Readonly<Record<string, Redaction>>;

/** Of the API, or a label of Kubernetes. */
const fieldName = /^(?:[A-Za-z0-9]+|(?:[a-z]+\.)*kubernetes\.io\/[a-z-]+)$/;

function redactFields(value: Readonly<Record<string, unknown>>, inner: Inner, maps: Maps): object {
  const entries = Object.entries(value).flatMap(([field, given]) => {
    const redaction = Object.hasOwn(inner, field) ? inner[field] : undefined;
    if (redaction === undefined) return [[fieldName.test(field) ? field : maps.text(field), redactRest(given, maps)]];
    if ("as" in redaction && redaction.as === "dropped") return [];
    return [[field, redact(given, redaction, maps)]];
  });
  return Object.fromEntries(entries);
}

function redactLabels(labels: Readonly<Record<string, unknown>>, maps: Maps): object {
  const { name } = maps;
  const entries = Object.entries(labels).map(([key, value]) => [
    name("key", key),
    typeof value === "string" ? name("value", value) : redactRest(value, maps),
  ]);
  return Object.fromEntries(entries);
}

/** A name may contain an address: `web-10.0.0.1`. */
function redactEither(text: string, kind: NameKind, { address, name }: Maps): string {
  return parseIp(text) === undefined ? name(kind, text) : address(text);
}

/** No address, and the addresses of a node. */
const words: ReadonlySet<string> = new Set(["None", "primary"]);

/** A text may hold several, with commas or a port: `10.0.0.1:10256`, `10.0.0.0/8,fd00::/8`. It may also be a host name. */
function redactAddresses(text: string, maps: Maps): string {
  return text.replace(/[^\s,]+/g, (part) => {
    const [, host = part, port = ""] = /^(.*?[^:]|\[.*\]):(\d+)$/.exec(part) ?? [];
    if (isAddressOrCidr(part)) return maps.address(part);
    const [, inner = host] = /^\[(.*)\]$/.exec(host) ?? [];
    if (port !== "" && isAddressOrCidr(inner))
      return `${host === inner ? maps.address(inner) : `[${maps.address(inner)}]`}:${port}`;
    // One with a mistake, or a word in its place.
    if (/^[\da-f.:/]*\d[\da-f.:/]*$/i.test(part) || words.has(part)) return part;
    return port === "" ? maps.text(part) : `${maps.text(host)}:${port}`;
  });
}
