import type { Feature, Step } from "../../ir/artifact.ts";
import type { LookupEntry, LookupField, LookupPart, LookupSet } from "../../ir/datapath.ts";
import { type HostLanguage, parseParts, type TextForm } from "../language.ts";
import { quoteWord } from "../shell.ts";
import { parseSets, printSets, type SavedSet } from "./text.ts";

const types = "(?:hash|bitmap|list):[a-z,]+";
const create = new RegExp(`^create \\S+ ${types}`);

/** ipset save. Foreign sets may have colons in their names, such as Calico's. */
const setsForm: TextForm = {
  printedBy: "ipset save",
  begins: (line) => create.test(line) || /^add (?!table ip6 )\S+ \S*[\d.:]/.test(line),
  continues: (line) => /^add \S+ \S/.test(line),
};

const fields = /^(?:Type|Revision|Header|Size in memory|References|Number of entries|Members):/;
const member =
  /^(?=\S{0,60}[.:\d])[\da-fA-F.:][\w.:,/-]*(?: (?:timeout|packets|bytes|comment|skbmark|skbprio|skbqueue|nomatch)\b.*)?$/;

/** ipset list. */
const setListingForm: TextForm = {
  printedBy: "ipset list",
  begins: (line) => /^Name: \S+$/.test(line),
  continues: (line) => fields.test(line) || member.test(line),
  toSave: listingToSave,
};

/** A set is created where its header is, or its first line after the type. */
function listingToSave(lines: readonly string[]): readonly string[] {
  let name = "";
  let type = "";
  let isMember = false;
  return lines.map((line) => {
    const [, field, value = ""] = /^(Name|Type|Header|Members):\s*(.*)$/.exec(line) ?? [];
    if (field === "Name") [name, type, isMember] = [value, "", false];
    else if (field === "Type") type = value;
    else if (field === "Header" && type !== "") return `create ${name} ${type} ${value}`.trim();
    else if (field === "Members") isMember = true;
    else if (isMember && field === undefined && line !== "" && !fields.test(line)) return `add ${name} ${line}`;
    return "";
  });
}

/** The types of the sets that steps make. */
function setFeatures(steps: readonly Step[]): readonly Feature[] {
  const shapes = new Map<string, string>();
  for (const { argv, stdin } of steps) {
    if (argv[0] !== "ipset") continue;
    for (const [, shape, type] of stdin.matchAll(/^create \S+ ((\S+) .*)$/gm))
      shapes.set(type as string, shape as string);
  }
  return [...shapes].map(([type, shape], index) => ({
    name: `set type ${type}`,
    commands: [`ipset create PROBE-${index} ${quoteWords(shape)}`],
  }));
}

/** Words from a dump or a saved plan may contain any character. */
function quoteWords(text: string): string {
  return text.split(" ").map(quoteWord).join(" ");
}

/** ipset save and ipset restore. */
export const ipset: HostLanguage<readonly SavedSet[]> = {
  id: "ipset",
  files: [{ name: "ipset.restore", heading: "ipset save", isSave: true }],
  collect: [{ command: "ipset save", isSave: true }],
  forms: [setsForm, setListingForm],
  parse: (parts) =>
    parseParts(parts, (text) => {
      const { sets, problems } = parseSets(text);
      return { values: sets, problems };
    }),
  write: printSets,
  probes: setFeatures,
};

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
