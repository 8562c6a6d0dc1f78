import { everyService, type ServiceOfChain, serviceInRule, unknownService } from "./attribution.ts";
import type { Changes } from "./plan-changes.ts";
import { type Note, noteTable } from "./summarize-tables.ts";

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
  const isRemoved = all.every(({ added }) => added === 0);
  return { service, kind: isAdded ? "add" : isRemoved ? "remove" : "change", counts: all, lines };
}
