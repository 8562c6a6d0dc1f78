import type { EvaluatedHost, HostTexts, LoadedRules } from "../datapath/host.ts";
import { placeholderAddresses } from "../diff/compare-node.ts";
import { hostTextsOf } from "../diff/host-side.ts";
import type { HostDocument, TextPart } from "../ir/artifact.ts";
import type { ChainChange } from "../ir/owned.ts";
import { readEvaluatedHost } from "../languages/evaluated-host.ts";
import { withoutLength } from "../languages/iproute.ts";
import { languageOf } from "../languages/registry.ts";
import type { Family } from "../model/address.ts";
import { ownChainIn } from "../programs/registry.ts";
import type { HostRules, HostState } from "../reconcile/live/host-state.ts";
import { ownedServer } from "../reconcile/owned-objects.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import type { Changes } from "../reconcile/plan-changes.ts";
import { routeLocalnet } from "../reconcile/plan-kernel.ts";
import type { Drift, DriftedChain } from "./drift.ts";

const { isBuiltIn } = languageOf.iptables.lines;

type SavedTable = HostRules["tables"] extends ReadonlyMap<string, infer Table> ? Table : never;

/** A host that was compared with its desired state. */
export interface ComparedHost {
  readonly document: HostDocument;
  readonly state: HostState;
  /** Our objects on the host. */
  readonly found: OwnedState;
  readonly wanted: OwnedState;
  readonly changes: Changes;
  /** CIDRs of the pods of this node. */
  readonly podRanges: readonly string[];
}

/** The host as packets should meet it, and as they do. */
export interface HostPair {
  readonly desired: EvaluatedHost;
  readonly live: EvaluatedHost;
}

/**
 * Both hosts have the same foreign rules, sets and servers. On the desired one the jumps of built-in chains come first, as
 * kube-proxy inserts them.
 */
export function readHostPair(compared: ComparedHost): HostPair {
  const { state, found, wanted, podRanges } = compared;
  const nodeAddresses = state.addresses.length > 0 ? state.addresses : placeholderAddresses;
  const isOn = (value: string | undefined): boolean | undefined => (value === undefined ? undefined : value === "1");
  const now = found.sysctls.get(routeLocalnet);
  const world = { nodeAddresses, podRanges };
  const texts = hostTextsOf(compared.document);
  const rules = { iptables: desiredRules(compared, "ipv4"), ip6tables: desiredRules(compared, "ipv6") };
  return {
    desired: readEvaluatedHost(
      { ...texts, ...rules, ...desiredTables(compared), ...kernelTexts(compared, wanted) },
      { ...world, routeLocalnet: isOn(wanted.sysctls.get(routeLocalnet) ?? now) },
    ),
    live: readEvaluatedHost({ ...texts, ...kernelTexts(compared, found) }, { ...world, routeLocalnet: isOn(now) }),
  };
}

/** The tables of nftables: those of other programs as they are, and ours. */
function desiredTables({ state, found, wanted }: ComparedHost): Pick<HostTexts, "nftables"> {
  if (found.tables.size === 0 && wanted.tables.size === 0) return {};
  const others = (state.tables?.tables ?? []).filter((table) => !found.tables.has(`${table.family} ${table.name}`));
  return { nftables: partsOf(languageOf.nftables.write({ tables: [...others, ...wanted.tables.values()] })) };
}

/** Sets, virtual servers and addresses: those of other programs, and ours. What was not read counts as it should be. */
function kernelTexts(
  { state, found }: ComparedHost,
  ours: OwnedState,
): Pick<HostTexts, "ipset" | "ipvs" | "serviceAddresses"> {
  const sets = state.sets.filter(({ name }) => !found.sets.has(name));
  const servers = state.servers.filter((server) => !found.servers.has(ownedServer(server).key));
  const addresses = [...(state.serviceAddresses ?? [])].filter((cidr) => found.addresses?.has(cidr) !== true);
  return {
    ipset: partsOf(languageOf.ipset.write(sets) + setLines(ours)),
    ipvs: partsOf(languageOf.ipvs.write(servers) + serverLines(ours)),
    serviceAddresses: [...addresses, ...(ours.addresses ?? [])].map(withoutLength),
  };
}

function partsOf(text: string): readonly TextPart[] {
  return text === "" ? [] : [{ file: "", text }];
}

function setLines({ sets }: OwnedState): string {
  const lines = [...sets.values()].flatMap(({ name, create, entries }) => [
    create,
    ...[...entries].map((entry) => `add ${name} ${entry}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

function serverLines({ servers }: OwnedState): string {
  const lines = [...servers.values()].flatMap(({ key, options, realServers }) => [
    `-A ${key} ${options}`,
    ...[...realServers].map(([address, how]) => `-a ${key} -r ${address} ${how}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/** The text of a family's rules after all changes. */
function desiredRules({ state, changes }: ComparedHost, family: Family): readonly TextPart[] {
  const live: ReadonlyMap<string, SavedTable> = state.rules[family]?.tables ?? new Map();
  const ofTable = new Map<string, Map<string, ChainChange>>();
  for (const change of changes.chains) {
    if (change.family !== family) continue;
    const known = ofTable.get(change.table) ?? new Map<string, ChainChange>();
    ofTable.set(change.table, known.set(change.chain, change));
  }
  const tables = [...new Set([...live.keys(), ...ofTable.keys()])];
  const texts = tables.map((name) => desiredTable(name, live.get(name) ?? new Map(), ofTable.get(name) ?? new Map()));
  return partsOf(texts.join(""));
}

function desiredTable(name: string, live: SavedTable, changes: ReadonlyMap<string, ChainChange>): string {
  const declared: string[] = [];
  const rules: string[] = [];
  for (const chain of new Set([...live.keys(), ...changes.keys()])) {
    const change = changes.get(chain);
    if (change?.kind === "remove" && !change.isBuiltIn) continue;
    const lines = live.get(chain)?.lines ?? [];
    const policy = live.get(chain)?.policy ?? (isBuiltIn(chain) ? undefined : "-");
    if (policy !== undefined) declared.push(`:${chain} ${policy} [0:0]`);
    rules.push(...(isBuiltIn(chain) ? withJumpsFirst(lines, change) : (change?.desired ?? lines)));
  }
  return `*${name}\n${[...declared, ...rules].map((line) => `${line}\n`).join("")}COMMIT\n`;
}

function withJumpsFirst(lines: readonly string[], change: ChainChange | undefined): readonly string[] {
  return [...(change?.desired ?? lines.filter(isJump)), ...lines.filter((line) => !isJump(line))];
}

/**
 * The desired host with one difference of the live one; the next call ends it. A chain that is missing counts as empty:
 * rules that jump to it could not be loaded without it.
 */
export function createDamage({ desired, live }: HostPair): (drift: ChainDrift) => EvaluatedHost {
  const copy = (rules: LoadedRules) => ({
    ...rules,
    tables: new Map([...rules.tables].map(([name, chains]) => [name, new Map(chains)])),
  });
  const families = { ipv4: copy(desired.families.ipv4), ipv6: copy(desired.families.ipv6) };
  const host = { ...desired, families };
  let repair = (): void => {};
  return ({ kind, lines, chain: { family, table, name } }) => {
    repair();
    const chains = families[family].tables.get(table);
    const [wanted, found] = [chains?.get(name), live.families[family].tables.get(table)?.get(name)];
    const model = wanted ?? found;
    if (chains === undefined || model === undefined) return host;
    const changed = changedLines(wanted?.lines ?? [], found?.lines ?? [], { kind, lines, name });
    chains.set(name, { ...model, lines: changed, numbers: changed.map((_, index) => index + 1) });
    repair = () => (wanted === undefined ? chains.delete(name) : chains.set(name, wanted));
    return host;
  };
}

type ChainDrift = Pick<Drift, "kind" | "lines"> & { readonly chain: DriftedChain };

function changedLines(
  wanted: readonly string[],
  found: readonly string[],
  { kind, lines, name }: Pick<Drift, "kind" | "lines"> & Pick<DriftedChain, "name">,
): readonly string[] {
  if (!isBuiltIn(name)) return found;
  const others = wanted.filter((line) => !isJump(line));
  if (kind !== "foreign-rules-first") return [...found.filter(isJump), ...others];
  const before = lines.map((line) => line.slice(2));
  return [...before, ...wanted.filter(isJump), ...others.slice(before.length)];
}

function isJump(line: string): boolean {
  return ownChainIn(line) !== undefined;
}
