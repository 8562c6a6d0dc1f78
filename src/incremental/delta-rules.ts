import { emptyTable, type OwnedRules, type OwnedTable, type PartialChain, tagRule } from "../ir/owned.ts";
import type { Fragment, TableRules } from "../programs/program.ts";
import { countBefore, type ReferenceCounts, rulesOf } from "./reference-counts.ts";

/** A Service of a part in one family, before and after. */
export interface Member {
  readonly key: string;
  readonly before: Fragment;
  readonly after: Fragment;
}

export interface Sides<T> {
  readonly found: T;
  readonly wanted: T;
}

type TableName = "nat" | "filter";
type Tables = Readonly<Record<TableName, Map<string, readonly string[]>>>;

/**
 * The rules of a part: own chains that change, and the members' rules in shared chains. `ledger` is the state before;
 * members are sorted by name.
 */
export function rulesOfPart(members: readonly Member[], ledger: ReferenceCounts): Sides<OwnedRules> {
  const found: Tables = { nat: new Map(), filter: new Map() };
  const wanted: Tables = { nat: new Map(), filter: new Map() };
  const partialChains = { nat: new Map<string, PartialChain>(), filter: new Map<string, PartialChain>() };
  for (const member of members) addOwnChains(member, found.nat, wanted.nat);
  const shared = new Set(members.flatMap(({ before, after }) => [...before.shared.keys(), ...after.shared.keys()]));
  for (const name of shared) {
    const [table, chain] = name.split(" ") as [TableName, string];
    const repeated = repeatedRules(name, members);
    const tagged = (run: number) => (line: string) => (repeated.has(line) ? tagRule(line, run) : line);
    const linesOf = (side: "before" | "after"): readonly string[] =>
      members.flatMap((member, run) => member[side].shared.get(name)?.map(tagged(run)) ?? []);
    found[table].set(chain, linesOf("before"));
    wanted[table].set(chain, linesOf("after"));
    partialChains[table].set(chain, excerptOf(name, members, ledger));
  }
  return { found: ownedRules(found, partialChains), wanted: ownedRules(wanted, partialChains) };
}

function ownedRules(tables: Tables, partialChains: Readonly<Record<TableName, Map<string, PartialChain>>>): OwnedRules {
  const table = (name: TableName): [string, OwnedTable] => [
    name,
    { ...emptyTable, chains: tables[name], partialChains: partialChains[name] },
  ];
  return { tables: new Map([table("filter"), table("nat")]), isShared: false };
}

/** A chain that changes is flushed and rewritten, so its old rules are not needed. */
function addOwnChains(
  { before, after }: Member,
  found: Map<string, readonly string[]>,
  wanted: Map<string, readonly string[]>,
): void {
  for (const [chain, have] of before.own) {
    const want = after.own.get(chain);
    if (want === undefined) found.set(chain, have);
    else if (!isEqual(want, have)) found.set(chain, []);
  }
  for (const [chain, want] of after.own) {
    if (!before.own.has(chain) || found.has(chain)) wanted.set(chain, want);
  }
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

/** Rules that do not name a Service may belong to several of them. */
function repeatedRules(name: string, members: readonly Member[]): ReadonlySet<string> {
  const runs = new Map<string, number>();
  const repeated = new Set<string>();
  members.forEach(({ before, after }, run) => {
    for (const line of [...(before.shared.get(name) ?? []), ...(after.shared.get(name) ?? [])]) {
      if ((runs.get(line) ?? run) !== run) repeated.add(line);
      runs.set(line, run);
    }
  });
  return repeated;
}

function excerptOf(name: string, members: readonly Member[], ledger: ReferenceCounts): PartialChain {
  const runOf = new Map<string, number>();
  const counts = rulesOf(ledger, name);
  let own = 0;
  const othersBefore = members.map(({ key, before, after }, run) => {
    const [have, want] = [before.shared.get(name) ?? [], after.shared.get(name) ?? []];
    for (const line of [...have, ...want]) runOf.set(line, run).set(tagRule(line, run), run);
    const others = countBefore(counts, key) - own;
    own += have.length;
    return others;
  });
  return { runOf, othersBefore };
}

/** Adds the rules that depend on which sets have entries to those of a part. */
export function withSetRules(rules: OwnedRules, fixed: readonly TableRules[]): OwnedRules {
  const tables = fixed.map(({ table, chains: declared, rules: lines }): [string, OwnedTable] => {
    const part = rules.tables.get(table) ?? emptyTable;
    const chains = new Map<string, readonly string[]>(declared.map((chain) => [chain, []]));
    for (const line of lines) {
      const chain = line.split(" ", 2)[1] as string;
      chains.set(chain, [...(chains.get(chain) ?? []), line]);
    }
    return [table, { ...part, chains: new Map([...chains, ...part.chains]) }];
  });
  return { ...rules, tables: new Map(tables) };
}
