import type { LoadedRules } from "../datapath/host.ts";
import type { LoadedChain } from "../ir/datapath.ts";
import { languageOf } from "../languages/registry.ts";

export type Chains = ReadonlyMap<string, LoadedChain>;

/** The chains of one table on both sides, and which of them may treat a packet differently. */
export interface TablePair {
  readonly base: Chains;
  readonly head: Chains;
  /** Chains whose text differs. */
  readonly different: ReadonlySet<string>;
  /** Sets and maps of the table whose elements differ. */
  readonly differentSets: ReadonlySet<string>;
  /** Chains that differ or ask sets that do, and all chains that call them directly or indirectly. */
  readonly affected: ReadonlySet<string>;
}

const none: Chains = new Map();

/** Compares two rule sets as text, table by table. Chains that are equal down to their last jump need no evaluation. */
export function pairTables(base: LoadedRules, head: LoadedRules): ReadonlyMap<string, TablePair> {
  const names = [...new Set([...base.tables.keys(), ...head.tables.keys()])].sort();
  return new Map(
    names.map((name) => {
      const sets = differingSets(base.sets?.get(name), head.sets?.get(name));
      return [name, pairTable(base.tables.get(name) ?? none, head.tables.get(name) ?? none, sets)];
    }),
  );
}

type TableSets = ReadonlyMap<string, readonly string[]> | undefined;

function differingSets(base: TableSets, head: TableSets): ReadonlySet<string> {
  const names = new Set([...(base?.keys() ?? []), ...(head?.keys() ?? [])]);
  return new Set(
    [...names].filter((name) => {
      const [before, after] = [base?.get(name), head?.get(name)];
      return before?.length !== after?.length || before?.some((element, at) => element !== after?.[at]);
    }),
  );
}

function pairTable(base: Chains, head: Chains, differentSets: ReadonlySet<string>): TablePair {
  const different = new Set<string>();
  for (const [name, chain] of base) {
    const other = head.get(name);
    if (other === undefined || !sameText(chain, other)) different.add(name);
  }
  for (const name of head.keys()) if (!base.has(name)) different.add(name);
  const asking = [...base.values()].filter((chain) => asksOneOf(differentSets, chain)).map(({ name }) => name);
  const affected = withCallers(new Set([...different, ...asking]), base, head);
  return { base, head, different, differentSets, affected };
}

function asksOneOf(sets: ReadonlySet<string>, { lines, reader }: LoadedChain): boolean {
  return sets.size > 0 && lines.some((line) => reader.setsOf(line).some((name) => sets.has(name)));
}

export function sameText(a: LoadedChain, b: LoadedChain): boolean {
  if (a.policy !== b.policy || a.lines.length !== b.lines.length) return false;
  for (let at = 0; at < a.lines.length; at += 1) if (a.lines[at] !== b.lines[at]) return false;
  return true;
}

/** These chains and all that lead to them directly or indirectly, on either side. */
export function withCallers(chains: ReadonlySet<string>, base: Chains, head: Chains): ReadonlySet<string> {
  const found = new Set(chains);
  if (chains.size === 0) return found;
  const callers = callersIn([...base.values(), ...head.values()]);
  const waiting = [...chains];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const caller of callers.get(name) ?? []) {
      if (found.has(caller)) continue;
      found.add(caller);
      waiting.push(caller);
    }
  }
  return found;
}

/** By target name, the chains with a rule for that target. */
function callersIn(chains: readonly LoadedChain[]): ReadonlyMap<string, ReadonlySet<string>> {
  const callers = new Map<string, Set<string>>();
  for (const { name, lines, reader } of chains) {
    for (const line of lines) {
      for (const target of reader.targetsOf(line)) {
        const known = callers.get(target);
        if (known === undefined) callers.set(target, new Set([name]));
        else known.add(name);
      }
    }
  }
  return callers;
}

/** Gives equal texts equal numbers. */
export type Numbering = (text: string) => number;

export function createNumbering(): Numbering {
  const numbers = new Map<string, number>();
  return (text) => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  };
}

/** Chains in chains beyond this keep their names: what is nested deeper is not renamed. */
const deepest = 500;

/**
 * Returns what the chain of a name does, as a number: of its rules without comments, with the numbers of called chains
 * in place of their names. Chains with equal numbers treat packets alike, whatever their names. Numbers and not texts:
 * a chain that is called twice, by one that is called twice, doubles with each level.
 */
export function meaningOfChains(chains: Chains, numberOf: Numbering): (name: string) => number {
  const known = new Map<string, number>();
  const open = new Set<string>();
  const meaning = (name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const chain = chains.get(name);
    if (chain === undefined || open.has(name) || open.size > deepest) return numberOf(name);
    open.add(name);
    const rules = chain.lines.map((line) => {
      const bare = languageOf.iptables.lines
        .withoutComments(line.slice(`-A ${name}`.length))
        .replace(ownList(name), "--name SELF");
      const at = bare.lastIndexOf(" -j ") + 4;
      const target = at < 4 ? "" : bare.slice(at);
      return chains.has(target) ? `${withoutLists(bare.slice(0, at))}{${meaning(target)}}` : bare;
    });
    open.delete(name);
    const number = numberOf(`{${rules.join("\n")}`);
    known.set(name, number);
    return number;
  };
  return meaning;
}

/** kube-proxy gives an endpoint's `-m recent` list the name of its chain. */
function ownList(name: string): RegExp {
  return new RegExp(`--name ${name.replace(/[^\w-]/g, ".")}(?= |$)`);
}

/** A rule that checks an endpoint's list jumps to the endpoint's chain, which determines the list. */
function withoutLists(rule: string): string {
  return rule.replace(/--name \S+/, "--name THAT");
}
