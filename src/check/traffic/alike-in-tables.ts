import { elementText, type NftChain, type NftTable } from "../../languages/nftables/ruleset.ts";
import { parseServicePortChainName } from "../../programs/kube-proxy/nftables/names.ts";
import { createMarks, type Marks, type ShapeOf } from "./alike.ts";
import { hairpinsInTables } from "./destinations-in-tables.ts";
import { ownTable } from "./restore-nftables.ts";
import type { ServiceDestination } from "./service-destinations.ts";
import type { TrafficHost } from "./traffic-host.ts";

/** Shapes by the elements of a destination in kube-proxy's maps, and the chains that these lead to. */
export function shapesInTables(traffic: TrafficHost): ShapeOf {
  const { host, ruleset } = traffic;
  const marks = createMarks(host);
  const tables = { ipv4: ownTable(ruleset, "ipv4"), ipv6: ownTable(ruleset, "ipv6") };
  const elements = { ipv4: elementsByKey(tables.ipv4), ipv6: elementsByKey(tables.ipv6) };
  const local = hairpinsInTables(traffic);
  return (destination) => {
    const { family, kind, address, port, protocol } = destination;
    const writing: Writing = { table: tables[family], numbers: new Map(), marks, local, parts: [] };
    const to = kind === "node-port" ? "node" : nameAddress(address, writing);
    writing.parts.push(family, kind, protocol, to, marks.ofPort(port));
    for (const text of elements[family].get(keyFor(destination)) ?? []) writeLine(text, writing, 0);
    return writing.parts.join("\n");
  };
}

interface Writing {
  readonly table: NftTable | undefined;
  readonly numbers: Map<string, number>;
  readonly marks: Marks;
  /** Endpoints that are masqueraded to themselves. */
  readonly local: ReadonlySet<string>;
  readonly parts: string[];
}

function nameAddress(text: string, { numbers, marks, local }: Writing): string {
  const known = numbers.get(text) ?? numbers.size;
  numbers.set(text, known);
  return `@${known}${marks.ofAddress(text)}${local.has(text) ? "H" : ""}`;
}

function keyFor({ kind, address, port, protocol }: ServiceDestination): string {
  return kind === "node-port" ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`;
}

/** The elements of all sets and maps by their keys, without the key and the comment; a set's name before its own. */
function elementsByKey(table: NftTable | undefined): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, { elements }] of table?.sets ?? []) {
    for (const { key, value } of elements) {
      const text = elementText({ line: 0, key: name, value, comment: undefined, timeout: undefined });
      const known = found.get(key);
      if (known === undefined) found.set(key, [text]);
      else known.push(text);
    }
  }
  return found;
}

const chainName = /(?:service|local|external|firewall|endpoint|affinity)-[A-Z2-7]{8}-[^\s,}]+/g;
const target =
  /(?<![\w.:])(?:(\d+\.\d+\.\d+\.\d+)(?::(\d+)| \. (\d+))|\[?([\da-f]*:[\da-f:.]*)(?:\]:(\d+)| \. (\d+)))/g;
const deepest = 5;

/** A rule or element without what only names its Service, then the chains of the Service that it leads to. */
function writeLine(text: string, writing: Writing, depth: number): void {
  const called: NftChain[] = [];
  const named = text.replace(chainName, (name) => {
    const chain = writing.table?.chains.get(name);
    if (chain !== undefined) called.push(chain);
    return parseServicePortChainName(name)?.kind ?? "affinity";
  });
  const plain = named.replace(target, (spelled) => {
    const [, address = "", port] = /^\[?([\da-f:.]+?)(?:\]?:| \. )(\d+)$/.exec(spelled) ?? [];
    return `${nameAddress(address, writing)}:${writing.marks.ofPort(Number(port))}`;
  });
  writing.parts.push(plain);
  if (depth > deepest) return;
  for (const chain of called) {
    for (const rule of chain.rules) writeLine(rule.text, writing, depth + 1);
    writing.parts.push("end");
  }
}
