import { addressNumber, isAddress, parseAddressSet, parseTarget, printTarget } from "../../../datapath/address-set.ts";
import { ruleAt } from "../../../datapath/chain-index.ts";
import { elementsAsked } from "../../../datapath/elements.ts";
import { type EvaluatedHost, serverKey } from "../../../datapath/host.ts";
import { isLocal } from "../../../datapath/match-packet.ts";
import type { LoadedChain, LookupPart, PacketRule, PortInterval, Predicate } from "../../../ir/datapath.ts";
import { type Family, families } from "../../../model/address.ts";
import { keyOf, type ServiceDestination, type ShapeOf, type TrafficHost } from "../../traffic-mode.ts";
import { iptablesChains, isServicePortChain } from "../chain-names.ts";
import { isOwnTableName, parseServicePortChainName } from "../nftables/names.ts";
import { isOwnedSet } from "../set-names.ts";

/** Shapes by rules of iptables and, where other objects decide too, by these. */
export function shapesInRules({ host }: TrafficHost, objects?: ObjectShape): ShapeOf {
  const own = { ipv4: ownLines(host, "ipv4"), ipv6: ownLines(host, "ipv6") };
  const marks = createMarks(host);
  return (destination) => {
    const { family, kind, address, port, protocol, isLocal: isLocalPolicy = false } = destination;
    const numbers = new Map<string, number>();
    const nameAddress = (text: string): string => {
      const known = numbers.get(text) ?? numbers.size;
      numbers.set(text, known);
      return `@${known}${marks.ofAddress(text)}`;
    };
    const to = kind === "node-port" ? "node" : nameAddress(address);
    const parts = [family, kind, protocol, isLocalPolicy, to, marks.ofPort(port)];
    const lines = own[family].get(keyOf(destination)) ?? [];
    const nat = host.families[family].tables.get("nat");
    const writing: Writing = { nat, nameAddress, marks, parts, depth: 0 };
    for (const line of lines) writeLine(line, writing);
    objects?.(destination, writing);
    return parts.join("\n");
  };
}

/** Adds to the shape of a destination what objects besides rules say of it. */
type ObjectShape = (destination: ServiceDestination, writing: Pick<Writing, "nameAddress" | "marks" | "parts">) => void;

/** By the entries of sets, and the virtual server with its real servers. */
export function shapesInSets(traffic: TrafficHost): ShapeOf {
  const { host } = traffic;
  const setsOf = indexSets(host);
  return shapesInRules(traffic, ({ kind, address, port, protocol }, { nameAddress, marks, parts }) => {
    parts.push(setsOf(kind === "node-port" ? `${protocol}:${port}` : `${address},${protocol}:${port}`));
    const server = host.servers.get(serverKey(protocol, printTarget({ address, port })));
    parts.push(`${server?.scheduler} ${server?.schedulerFlags} ${server?.persistence}`);
    for (const real of server?.realServers ?? []) {
      const target = parseTarget(real.address);
      const entry = target && `${target.address},${protocol}:${target.port},${target.address}`;
      parts.push(
        `${target && nameAddress(target.address)}${setsOf(entry ?? "")} ${marks.ofPort(target?.port ?? 0)} ${real.weight} ${real.forwarding}`,
      );
    }
  });
}

interface Writing {
  readonly nat: ReadonlyMap<string, LoadedChain> | undefined;
  readonly nameAddress: (text: string) => string;
  readonly marks: Marks;
  readonly parts: unknown[];
  readonly depth: number;
}

const comment = / -m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/g;
const chainName = /KUBE-(SVC|SVL|SEP|EXT|FW|XLB)-[A-Z2-7]{16}/g;
const addresses =
  /(?<![\w.:])(?:(\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:]+)\/(?:32|128)|(\d+\.\d+\.\d+\.\d+|\[[\da-f:]+\]):(\d+))(?![\w.])/g;
/** The usual one, without a search. */
const oneAddress = /^\d+\.\d+\.\d+\.\d+\/32$/;
const deepest = 5;

/** A rule without what only names its Service, then the chain of the Service that it calls. */
function writeLine(line: string, writing: Writing): void {
  const { nat, parts, depth } = writing;
  parts.push(plainLine(line, writing));
  const called = line.slice(line.lastIndexOf(" ") + 1);
  const chain = isServicePortChain(called) ? nat?.get(called) : undefined;
  if (chain === undefined || depth > deepest) return;
  for (const next of chain.lines) writeLine(next, { ...writing, depth: depth + 1 });
  parts.push("end");
}

/** The usual comment has no escaped quote, and stands once. */
function withoutComment(line: string): string {
  const start = line.indexOf(opening);
  if (start < 0) return line.replace(comment, "");
  const end = line.indexOf('"', start + opening.length) + 1;
  const rest = line.slice(end);
  const isPlain = end > 0 && !line.slice(start, end).includes("\\") && !rest.includes(" --comment ");
  return isPlain ? line.slice(0, start) + rest : line.replace(comment, "");
}

const opening = ' -m comment --comment "';

/** Word by word: most words need no regular expression. */
function plainLine(line: string, { nameAddress, marks }: Writing): string {
  const words = withoutComment(line).split(" ");
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word.startsWith("KUBE-")) words[at] = word.replace(chainName, "$1");
    else if (oneAddress.test(word)) words[at] = nameAddress(word.slice(0, -"/32".length));
    else if (word.includes("/") || word.includes(":")) {
      words[at] = word.replace(addresses, (_, whole: string | undefined, target = "", port = "") =>
        whole === undefined
          ? `${nameAddress(target.replace(/^\[|\]$/g, ""))}:${marks.ofPort(Number(port))}`
          : nameAddress(whole),
      );
    } else if (words[at - 1] === "--dport" && at < words.length - 1 && /^\d+$/.test(word))
      words[at] = marks.ofPort(Number(word));
  }
  return words.join(" ");
}

const toAddress = /^-A \S+ -d (\S+)\/(?:32|128) (?:.* )?-p (\w+) .*--dport (\d+)(?: |$)/;
const toPort = /^-A \S+ (?:-d 127\.0\.0\.0\/8 )?-p (\w+) .*--dport (\d+)(?: |$)/;
const { services, nodePorts, externalServices, proxyFirewall } = iptablesChains;
const shared: ReadonlySet<string> = new Set([services, nodePorts, externalServices, proxyFirewall]);

function ownKey(line: string): string | undefined {
  const [, address, protocol, port] = toAddress.exec(line) ?? [];
  if (address !== undefined) return `${printTarget({ address, port: Number(port) })}/${protocol}`;
  const [, ofPort, number] = toPort.exec(line) ?? [];
  return ofPort === undefined ? undefined : `*:${number}/${ofPort}`;
}

/** The rules for one address or node port in the chains that all Services share. */
function ownLines(host: EvaluatedHost, family: Family): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  for (const table of ["nat", "filter"]) {
    for (const name of shared) {
      // A rule for all destinations divides those before it from those behind it.
      let common = 0;
      for (const line of host.families[family].tables.get(table)?.get(name)?.lines ?? []) {
        const key = ownKey(line);
        const placed = `${table} ${common} ${line}`;
        if (key === undefined) common += 1;
        else {
          const known = lines.get(key);
          if (known === undefined) lines.set(key, [placed]);
          else known.push(placed);
        }
      }
    }
  }
  return lines;
}

/** Which rules and sets that are not one Service's tell an address or a port from others. */
export interface Marks {
  readonly ofAddress: (text: string) => string;
  readonly ofPort: (port: number) => string;
}

interface Range {
  readonly from: bigint;
  readonly to: bigint;
  readonly bits: 32 | 128;
}

export function createMarks(host: EvaluatedHost): Marks {
  const exact = new Map<string, number>();
  const ranges: Range[] = [];
  const ports: PortInterval[] = [];
  const noteRange = (text: string): void => {
    if (isAddress(text)) exact.set(text, exact.size);
    const set = isAddress(text) ? undefined : parseAddressSet(text);
    for (const { from, to } of set?.intervals ?? []) {
      const bits = set?.bits ?? 32;
      const single = from === to ? text.replace(/\/\d+$/, "") : undefined;
      if (single !== undefined && isAddress(single)) exact.set(single, exact.size);
      else if (!ranges.some((each) => each.from === from && each.to === to && each.bits === bits))
        ranges.push({ from, to, bits });
    }
  };
  const note = (each: Predicate): void => {
    if (each.kind === "address-in") each.ranges.forEach(noteRange);
    if (each.kind === "port-in") ports.push(...(each.ports ?? []));
  };
  forSharedRules(host, ({ predicates, action }, isOwn) => {
    predicates.forEach(note);
    // The elements of kube-proxy's own sets are for one destination each.
    if (!isOwn) for (const element of elementsAsked({ predicates, action })) element.predicates.forEach(note);
  });
  for (const { name, entries } of host.sets.values()) {
    if (isOwnedSet(name)) continue;
    for (const { parts } of entries) for (const part of parts) notePart(part, noteRange, ports);
  }
  return { ofAddress: addressMarks(host, exact, ranges), ofPort: portMarks(ports) };
}

function notePart(part: LookupPart, noteRange: (text: string) => void, ports: PortInterval[]): void {
  if (part.kind === "addresses") noteRange(part.range);
  else ports.push(part.ports);
}

/** Rules of other programs, and those of kube-proxy that are not for one address or port. */
function forSharedRules(host: EvaluatedHost, visit: (rule: PacketRule, isOwn: boolean) => void): void {
  for (const family of families) {
    for (const [table, chains] of host.families[family].tables) {
      const isOwn = isOwnTableName(table);
      for (const chain of chains.values()) {
        if (isOwn ? parseServicePortChainName(chain.name) !== undefined : isServicePortChain(chain.name)) continue;
        for (let at = 0; at < chain.lines.length; at += 1) {
          if (shared.has(chain.name) && ownKey(chain.lines[at] ?? "") !== undefined) continue;
          visit(ruleAt(chain, at), isOwn);
        }
      }
    }
  }
}

function addressMarks(
  host: EvaluatedHost,
  exact: ReadonlyMap<string, number>,
  ranges: readonly Range[],
): Marks["ofAddress"] {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const bits = text.includes(":") ? 128 : 32;
    const value = ranges.length > 0 && isAddress(text) ? addressNumber(text) : 0n;
    let mark = `${isLocal(text, host) ? "L" : ""}${exact.get(text) ?? ""}`;
    for (const [at, range] of ranges.entries())
      if (range.bits === bits && range.from <= value && value <= range.to) mark += `.${at}`;
    known.set(text, mark);
    return mark;
  };
}

function portMarks(ports: readonly PortInterval[]): Marks["ofPort"] {
  const distinct = [...new Map(ports.map((each) => [`${each.from}-${each.to}`, each])).values()];
  const known = new Map<number, string>();
  return (port) => {
    const before = known.get(port);
    if (before !== undefined) return before;
    const mark = distinct.flatMap(({ from, to }, at) => (from <= port && port <= to ? [at] : [])).join(".");
    known.set(port, `p${mark}`);
    return `p${mark}`;
  };
}

/** The sets of kube-proxy that have an entry, by its text, with the clients that the entry is for. */
function indexSets({ sets }: EvaluatedHost): (entry: string) => string {
  const found = new Map<string, string>();
  const note = (key: string, mark: string): void => {
    found.set(key, `${found.get(key) ?? ""} ${mark}`);
  };
  for (const { name, entries } of sets.values()) {
    if (!isOwnedSet(name)) continue;
    for (const { text, parts } of entries) {
      const [first, second] = parts;
      if (first?.kind === "ports" && second === undefined)
        for (const protocol of first.protocols) note(`${protocol}:${first.ports.from}`, name);
      else {
        const at = text.lastIndexOf(",");
        const clients = text.slice(at + 1);
        const isOfClients = parts.length === 3 && !text.startsWith(`${clients},`);
        note(isOfClients ? text.slice(0, at) : text, isOfClients ? `${name} ${clients}` : name);
      }
    }
  }
  return (entry) => found.get(entry) ?? "";
}
