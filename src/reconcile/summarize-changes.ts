import type { TableChange, TableSetChange } from "../languages/nftables/diff-tables.ts";
import { elementText, type NftElement, type NftTable } from "../languages/nftables/ruleset.ts";
import { tableName } from "../languages/nftables/stages.ts";
import { ownTables, serviceInRule } from "../programs/registry.ts";
import { everyService, type ServiceOfChain, unknownService } from "./attribution.ts";
import type { Changes } from "./plan-changes.ts";

/** The changes of one service port, or of the shared objects. */
export interface ServiceChange {
  /** `shop/web:http`, or a label instead of a name. */
  readonly service: string;
  readonly kind: "add" | "change" | "remove";
  readonly counts: readonly ChangeCount[];
  /** `+ RULE` and `- RULE`, set entries, servers and addresses, in the order of the plan. */
  readonly lines: readonly string[];
}

export interface ChangeCount {
  /** `rule`, `chain`, `set entry` ... */
  readonly what: string;
  readonly added: number;
  readonly removed: number;
}

/** Finds the owner of a set entry, virtual server or address, by its line in the restore files. */
export type ServiceOfLine = (line: string) => string | undefined;

interface OpenChange {
  readonly counts: Map<string, { added: number; removed: number }>;
  readonly lines: string[];
}

/** The changes of a plan by service port, in name order; shared objects come first. */
export function summarizeChanges(
  changes: Changes,
  ofChain: ServiceOfChain,
  ofLine: ServiceOfLine,
): readonly ServiceChange[] {
  const services = new Map<string, OpenChange>();
  const note = (service: string, what: string, sign: "+" | "-", line: string): void => {
    const open: OpenChange = services.get(service) ?? { counts: new Map(), lines: [] };
    services.set(service, open);
    const count = open.counts.get(what) ?? { added: 0, removed: 0 };
    open.counts.set(what, count);
    if (sign === "+") count.added += 1;
    else count.removed += 1;
    open.lines.push(`${sign} ${line}`);
  };
  noteChains(changes, ofChain, note);
  for (const change of changes.tables) noteTable(change, note);
  noteOthers(changes, ofLine, note);
  return [...services]
    .map(([service, open]) => finish(service, open))
    .sort((a, b) => rank(a) - rank(b) || (a.service < b.service ? -1 : 1));
}

function rank({ service }: ServiceChange): number {
  return service === everyService ? 0 : service === unknownService ? 2 : 1;
}

function noteChains({ chains }: Changes, ofChain: ServiceOfChain, note: Note): void {
  for (const { table, chain, kind, desired, live, difference, isBuiltIn, family } of chains) {
    const owner = ofChain(chain);
    const version = family === "ipv6" ? "ipv6 " : "";
    const where = `${version}${table}`;
    const whose = (line: string): string => (owner === everyService ? (serviceInRule(line) ?? owner) : owner);
    if (kind === "add" && !isBuiltIn) note(owner, "chain", "+", `${where} chain ${chain}`);
    if (kind === "remove" && !isBuiltIn) note(owner, "chain", "-", `${where} chain ${chain}`);
    const missing = kind === "add" ? desired : difference.missing;
    const extra = kind === "remove" ? live : difference.extra;
    for (const line of extra) note(whose(line), "rule", "-", `${where} ${line}`);
    for (const line of missing) note(whose(line), "rule", "+", `${where} ${line}`);
    if (difference.reordered) {
      note(owner, "rule order", "-", `${where} chain ${chain}: the order of its rules`);
      note(owner, "rule order", "+", `${where} chain ${chain}: the desired order`);
    }
  }
}

function noteOthers(changes: Changes, ofLine: ServiceOfLine, note: Note): void {
  const whose = (line: string): string => ofLine(line) ?? unknownService;
  for (const { name, kind, desired, missing, extra } of changes.sets) {
    if (kind === "add") note(everyService, "set", "+", `set ${desired?.create ?? name}`);
    if (kind === "remove") note(everyService, "set", "-", `set ${name}`);
    for (const entry of missing) note(whose(`add ${name} ${entry}`), "set entry", "+", `${name} ${entry}`);
    for (const entry of extra) note(whose(`add ${name} ${entry}`), "set entry", "-", `${name} ${entry}`);
  }
  for (const { key, kind, options, missing, changed, extra } of changes.servers) {
    const service = whose(`-A ${key}`);
    const real = (address: string): string => `real server ${address} of ${key}`;
    if (kind === "remove") note(service, "virtual server", "-", `virtual server ${key}`);
    if (options !== undefined) note(service, "virtual server", "+", `virtual server ${key} ${options}`);
    for (const address of extra) note(service, "real server", "-", real(address));
    for (const [address, rest] of [...missing, ...changed])
      note(service, "real server", "+", `${real(address)} ${rest}`);
  }
  for (const cidr of changes.addresses.missing) note(whose(`addr ${cidr}`), "address", "+", `address ${cidr}`);
  for (const cidr of changes.addresses.extra) note(whose(`addr ${cidr}`), "address", "-", `address ${cidr}`);
  for (const [name, value] of changes.sysctls) note(everyService, "sysctl", "+", `${name} = ${value}`);
  for (const name of changes.counters.missing) note(everyService, "counter", "+", `counter ${name}`);
  for (const name of changes.counters.extra) note(everyService, "counter", "-", `counter ${name}`);
  for (const { source, sourcePort, destination, destinationPort, replySource, replySourcePort } of changes.flows) {
    const from = `${source}:${sourcePort} -> ${destination}:${destinationPort}`;
    note(everyService, "connection", "-", `UDP flow ${from}, served by ${replySource}:${replySourcePort}`);
  }
}

function finish(service: string, { counts, lines }: OpenChange): ServiceChange {
  const all = [...counts].map(([what, count]) => ({ what, ...count }));
  const isAdded = all.every(({ removed }) => removed === 0);
  // A setting gets its former value when what needed it is removed.
  const isRemoved = all.every(({ added, what }) => added === 0 || (what === "sysctl" && all.length > 1));
  return { service, kind: isAdded ? "add" : isRemoved ? "remove" : "change", counts: all, lines };
}

/** Takes one line of a change, and what it counts as. */
type Note = (service: string, what: string, sign: "+" | "-", line: string) => void;

/** The differences of a table of nftables by service port, in the words of nft's own commands. */
export function noteTable(change: TableChange, note: Note): void {
  const { kind, isMadeAnew, chains, sets } = change;
  const name = tableName(change);
  if (kind === "remove" || isMadeAnew) note(everyService, "table", "-", `table ${name}`);
  if (kind === "add" || isMadeAnew) note(everyService, "table", "+", `table ${name}`);
  for (const { name: chain, kind: how, missing, extra } of chains) {
    const owner = serviceInRule(chain) ?? everyService;
    if (how === "add") note(owner, "chain", "+", `chain ${name} ${chain}`);
    if (how === "remove") note(owner, "chain", "-", `chain ${name} ${chain}`);
    for (const rule of extra) note(owner, "rule", "-", `rule ${name} ${chain} ${rule}`);
    for (const rule of missing) note(owner, "rule", "+", `rule ${name} ${chain} ${rule}`);
    if (how === "change" && missing.length + extra.length === 0) {
      note(owner, "rule order", "-", `chain ${name} ${chain}: the order of its rules`);
      note(owner, "rule order", "+", `chain ${name} ${chain}: the desired order`);
    }
  }
  const whose = ownersOfElements(change);
  for (const set of sets) noteSet(set, change, whose, note);
}

type Whose = (set: string, element: NftElement) => string;

function noteSet({ name, kind, missing, extra }: TableSetChange, change: TableChange, whose: Whose, note: Note): void {
  const place = `${tableName(change)} ${name}`;
  const owner = serviceInRule(name) ?? everyService;
  const one = change.desired?.sets.get(name) ?? change.live?.sets.get(name);
  const what = one?.value === undefined ? "set" : "map";
  if (kind === "remove" || kind === "replace") note(owner, what, "-", `${what} ${place}`);
  if (kind === "add" || kind === "replace") note(owner, what, "+", `${what} ${place}`);
  const each = (sign: "+" | "-", elements: readonly NftElement[]): void => {
    for (const element of elements)
      note(whose(name, element), `${what} element`, sign, `element ${place} { ${elementText(element)} }`);
  };
  each("-", extra);
  each("+", missing);
}

/** By the chain that an element leads to, or its comment; else by its address, or that of an endpoint. */
function ownersOfElements({ desired, live }: TableChange): Whose {
  let known: ReadonlyMap<string, string> | undefined;
  return (set, element) => {
    const own = serviceInRule(set) ?? ownerOf(element);
    if (own !== undefined) return own;
    if (set === ownTables.nodeAddresses) return everyService;
    known ??= ownersOfAddresses([live, desired].filter((table) => table !== undefined));
    const parts = element.key.split(" . ");
    return known.get(parts.length > 1 ? `${parts[0]} ${parts.at(-1)}` : element.key) ?? unknownService;
  };
}

function ownerOf(element: NftElement): string | undefined {
  return serviceInRule(elementText(element));
}

/** By the address of a Service, or by address and port of an endpoint: `10.244.1.5 8080`. Later tables win. */
function ownersOfAddresses(tables: readonly NftTable[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { sets, chains } of tables) {
    for (const { elements } of sets.values()) {
      for (const element of elements) {
        const owner = ownerOf(element);
        if (owner !== undefined) owners.set(element.key.split(" ", 1).join(), owner);
      }
    }
    for (const { name, rules } of chains.values()) {
      const owner = serviceInRule(name);
      for (const { text } of owner === undefined ? [] : rules) {
        for (const [, address, bracketed, port] of text.matchAll(endpoint))
          owners.set(`${address ?? bracketed} ${port}`, owner ?? "");
      }
    }
  }
  return owners;
}

/** `10.244.1.5 . 8080`, `10.244.1.5:8080`, `[fd00::5]:8080` */
const endpoint = /(?:(?<=[\s{])([\da-f.:]*[\d.a-f:])(?: \. |:(?=\d+$))|\[([\da-f:]+)\]:)(\d+)/g;
