import type { Artifact, LanguageId } from "../ir/artifact.ts";
import { parseSets, type SavedSet } from "./ipset/text.ts";
import type { OwnChains } from "./iptables/own-chains.ts";
import { createTextReader } from "./iptables/text-reader.ts";
import { nftablesReader } from "./nftables/text-reader.ts";
import { linesOf, type PlacedObject, type PlacedRule, type TextReader } from "./text-reader.ts";

/**
 * By language, in the order in which a line is offered to them. Beside the registry of languages, since a compilation needs
 * none of them. `own`: what programs say of their chains.
 */
export function createTextReaders(own: OwnChains) {
  return {
    nftables: nftablesReader,
    ipset: ipsetReader,
    ipvs: ipvsReader,
    iptables: createTextReader(own),
    iproute: iprouteReader,
  } as const satisfies Readonly<Partial<Record<LanguageId, TextReader>>>;
}

/** Sets of ipset save, with their entries. */
const ipsetReader: TextReader = {
  read: (text) => ({ ...nothing, sets: parseSets(text.text).sets.map((set) => placedSet(set, text)) }),
  readLine: (line) => {
    const [, created] = /^create (\S+)/.exec(line) ?? [];
    if (created !== undefined) return { kind: "object", name: created, table: undefined };
    return line.startsWith("add ") ? entriesOf(line) : undefined;
  },
};

/** Virtual servers and their real servers. */
const ipvsReader: TextReader = {
  read: (text) => ({ ...nothing, others: linesOf(text, serverPurpose) }),
  readLine: (line) => (/^-[Aa] -/.test(line) ? entriesOf(line) : undefined),
};

/** Addresses of a device. */
const iprouteReader: TextReader = {
  read: (text) => ({ ...nothing, others: linesOf(text, addressPurpose) }),
  readLine: () => undefined,
};

const nothing = { chains: [], sets: [], others: [], problems: [] };

function entriesOf(line: string) {
  return { kind: "entries", texts: [line], table: undefined, name: undefined } as const;
}

function placedSet({ name, line, type, options, entries }: SavedSet, { file }: Artifact): PlacedObject {
  const place = { family: undefined, table: "", chain: name, file };
  const rules = entries.map(
    ({ text, line: at }, index): PlacedRule => ({ ...place, ...bareElement(text), line: at, number: index + 1 }),
  );
  return {
    language: "ipset",
    kind: "set",
    family: undefined,
    table: "",
    name,
    file,
    declaredAt: line,
    declaration: ["create", name, type, ...options].join(" "),
    entry: undefined,
    type,
    lines: entries.map((entry) => ["add", name, entry.text, ...entry.options].join(" ")),
    numbers: entries.map((entry) => entry.line),
    rules,
    rulesOn: (isAsked) => rules.filter((rule) => isAsked(rule.line)),
    calls: () => [],
    describeLine: () => ({ words: undefined }),
  };
}

/** An element that leads nowhere. */
function bareElement(text: string) {
  return {
    text,
    canonical: () => text,
    inWords: () => "",
    conditions: () => "",
    comments: [],
    exits: [],
    isMarking: false,
    hasBranches: false,
    sets: [],
    share: undefined,
  };
}

function serverPurpose(text: string): string {
  const words = text.split(" ");
  const protocol = words[1] === "-t" ? "TCP" : words[1] === "-u" ? "UDP" : "SCTP";
  return words[0] === "-A"
    ? `is the virtual server for ${protocol} ${words[2]}, scheduler ${words[4] ?? "?"}`
    : `is a real server of ${protocol} ${words[2]}: connections go to ${words[4] ?? "?"}`;
}

function addressPurpose(text: string): string {
  return `makes ${text.split(" ")[2] ?? "an address"} an address of this host`;
}
