import type { LookupEntry, LookupField, LookupPart, LookupSet } from "../../ir/datapath.ts";
import type { SavedSet } from "./text.ts";

/** Converts a set for the datapath. */
export function lookupSetOf({ name, type, options, entries }: SavedSet): LookupSet {
  const fields = fieldsOf(type);
  const read = entries.map(({ text }) => ({ text, parts: partsOf(fields, text) }));
  // A netmask turns addresses into networks, and `nomatch` excludes parts of networks.
  const isKnown =
    !options.includes("netmask") &&
    !options.includes("bitmask") &&
    entries.every((entry) => !entry.options.includes("nomatch")) &&
    read.every(({ parts }) => parts.length > 0);
  return { name, type, fields: isKnown ? fields : undefined, entries: read };
}

const fieldNames: Readonly<Record<string, LookupField>> = { ip: "address", net: "network", port: "port" };

function fieldsOf(type: string): readonly LookupField[] | undefined {
  const names = type.split(":")[1]?.split(",") ?? [];
  const fields = names.map((name) => (Object.hasOwn(fieldNames, name) ? fieldNames[name] : undefined));
  const known = fields.filter((field) => field !== undefined);
  return known.length > 0 && known.length === fields.length ? known : undefined;
}

function partsOf(fields: readonly LookupField[] | undefined, text: string): LookupEntry["parts"] {
  if (fields === undefined) return [];
  const words = text.split(",");
  const parts = fields.map((field, at) => partOf(field, fields.length, words[at] ?? ""));
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? known : [];
}

/** A bitmap of ports does not distinguish TCP from UDP, and matches no other protocol (ip_set_get_ip_port). */
function partOf(field: LookupField, count: number, word: string): LookupPart | undefined {
  if (field !== "port") return addresses.test(word) ? { kind: "addresses", range: word } : undefined;
  const [, icmp, type] = /^(icmp|icmpv6):(\S+)$/.exec(word) ?? [];
  // Packets of ICMP are echo requests, and have no ports.
  if (icmp !== undefined) {
    const isEcho = type === "echo-request" || type === "ping" || type === (icmp === "icmp" ? "8/0" : "128/0");
    return { kind: "ports", protocols: isEcho ? ["icmp"] : [], ports: { from: 0, to: 0 } };
  }
  const [, protocol = "tcp", from = "", to = from] = /^(?:([a-z0-9]+):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(word) ?? [];
  if (from === "") return undefined;
  const protocols = count === 1 ? ["tcp", "udp"] : [protocol];
  return { kind: "ports", protocols, ports: { from: Number(from), to: Number(to) } };
}

const addresses = /^[0-9a-f.:]+(?:\/\d{1,3}|-[0-9a-f.:]+)?$/i;
