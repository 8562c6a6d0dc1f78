import type { TextProblem } from "../../ir/artifact.ts";

/** Parsed output of `ipset save`. Values keep the spelling of the tool. */
export interface SavedSets {
  readonly sets: readonly SavedSet[];
  readonly problems: readonly TextProblem[];
}

export interface SavedSet {
  readonly name: string;
  readonly line: number;
  /** `hash:ip,port` */
  readonly type: string;
  /** The words after the type: `family inet`. */
  readonly options: readonly string[];
  readonly entries: readonly SavedEntry[];
}

export interface SavedEntry {
  readonly line: number;
  /** `10.96.0.10,tcp:80` */
  readonly text: string;
  /** The words after the entry, such as `timeout 60`. */
  readonly options: readonly string[];
}

interface OpenSet extends SavedSet {
  readonly entries: SavedEntry[];
}

interface Reading {
  readonly sets: Map<string, OpenSet>;
  readonly problems: TextProblem[];
}

/** Reads output of `ipset save` or input of `ipset restore`: sets with their entries. */
export function parseSets(text: string): SavedSets {
  const reading: Reading = { sets: new Map(), problems: [] };
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.split(/\s+/).filter((word) => word !== "");
    if (words.length > 0 && !line.startsWith("#")) parseLine(reading, words, index + 1);
  }
  return { sets: [...reading.sets.values()], problems: reading.problems };
}

function parseLine({ sets, problems }: Reading, words: readonly string[], line: number): void {
  const [command, name, what, ...options] = words;
  const report = (message: string) => problems.push({ line, message });
  if (command !== "create" && command !== "add") {
    report(`expected create or add, not "${command}"`);
  } else if (name === undefined || what === undefined) {
    report(command === "create" ? "not a set: expected create NAME TYPE" : "not an entry: expected add NAME ENTRY");
  } else if (command === "create") {
    if (sets.has(name)) report(`set ${name} already exists`);
    else sets.set(name, { name, line, type: what, options, entries: [] });
  } else {
    const set = sets.get(name);
    if (set === undefined) report(`there is no set ${name}`);
    else set.entries.push({ line, text: what, options });
  }
}

/** Prints sets as `ipset save` does. */
export function printSets(sets: readonly SavedSet[]): string {
  const lines = sets.flatMap(({ name, type, options, entries }) => [
    ["create", name, type, ...options].join(" "),
    ...entries.map((entry) => ["add", name, entry.text, ...entry.options].join(" ")),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/** The input of `ipset restore`, spelled as `ipset save` prints it. */
export type SetType = "hash:ip" | "hash:ip,port" | "hash:ip,port,ip" | "hash:ip,port,net" | "bitmap:port";

/** The default maxelem of a hash set. */
export const defaultMaxElements = 65_536;

export interface SetHeader {
  readonly name: string;
  readonly type: SetType;
  readonly family: "ipv4" | "ipv6";
  /** The number of entries that must fit. */
  readonly entries: number;
}

export function createSet({ name, type, family, entries }: SetHeader): string {
  if (type === "bitmap:port") return `create ${name} bitmap:port range 0-65535`;
  const room = entries > defaultMaxElements ? ` maxelem ${roomFor(entries)}` : "";
  return `create ${name} ${type} family ${family === "ipv4" ? "inet" : "inet6"}${room}`;
}

/** The next power of two. */
function roomFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(entries));
}

/** A network as an element of a set: one of full length is printed as an address. */
export function networkElement(cidr: string, family: "ipv4" | "ipv6"): string {
  const full = family === "ipv4" ? "/32" : "/128";
  return cidr.endsWith(full) ? cidr.slice(0, -full.length) : cidr;
}

export function addEntry(set: string, entry: string): string {
  return `add ${set} ${entry}`;
}
