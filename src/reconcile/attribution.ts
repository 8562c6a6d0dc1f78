import type { ChainLines } from "../ir/owned.ts";
import type { Family } from "../model/address.ts";
import { ownChains, serviceInRule } from "../programs/registry.ts";

/** Chains and rules that always exist and belong to no service port. */
export const everyService = "shared base chains";
/** The owner of leftovers of a Service that the state does not contain. */
export const unknownService = "a deleted Service";

/** Rules by family, table and chain. */
export interface RulesByFamily {
  readonly rules: Readonly<Record<Family, { readonly tables: ReadonlyMap<string, TableLines> } | undefined>>;
}

interface TableLines {
  readonly chains: ChainLines;
}

/** Every rule. */
export function* linesIn({ rules }: RulesByFamily): Iterable<string> {
  for (const family of [rules.ipv4, rules.ipv6]) {
    for (const { chains } of family?.tables.values() ?? []) for (const lines of chains.values()) yield* lines;
  }
}

/** Finds the owner of a chain. */
export type ServiceOfChain = (chain: string) => string;

/**
 * Finds the service port of chains from the text only: from comments of their rules, or of the rules that jump to them.
 * `states` are searched in order: the desired state, then the live one.
 */
export function attributeChains(states: readonly RulesByFamily[]): ServiceOfChain {
  const known = new Map<string, string>();
  let leaders: ReadonlyMap<string, readonly Leader[]> | undefined;
  const find = (chain: string, depth: number): string | undefined => {
    const own =
      known.get(chain) ??
      rulesOf(states, chain)
        .map(serviceInRule)
        .find((name) => name !== undefined);
    if (own !== undefined || depth === 0) return own;
    leaders ??= leadersOf(states);
    const leading = leaders.get(chain) ?? [];
    const named = leading.map(({ line }) => serviceInRule(line)).find((name) => name !== undefined);
    return named ?? leading.map((leader) => find(leader.chain, depth - 1)).find((name) => name !== undefined);
  };
  return (chain) => {
    if (!ownChains.isOfFragment(chain)) return everyService;
    const service = known.get(chain) ?? find(chain, 3) ?? unknownService;
    known.set(chain, service);
    return service;
  };
}

interface Leader {
  readonly chain: string;
  readonly line: string;
}

function rulesOf(states: readonly RulesByFamily[], chain: string): readonly string[] {
  return states.flatMap(({ rules }) =>
    [rules.ipv4, rules.ipv6].flatMap((family) => family?.tables.get("nat")?.chains.get(chain) ?? []),
  );
}

/** By chain, the rules that jump to it. Endpoint chains have no jumps. */
function leadersOf(states: readonly RulesByFamily[]): ReadonlyMap<string, readonly Leader[]> {
  const leaders = new Map<string, Leader[]>();
  for (const { rules } of states) {
    for (const family of [rules.ipv4, rules.ipv6]) {
      for (const [chain, lines] of family?.tables.get("nat")?.chains ?? []) {
        if (ownChains.roleOf(chain) !== "target") for (const line of lines) noteLeader(leaders, chain, line);
      }
    }
  }
  return leaders;
}

function noteLeader(leaders: Map<string, Leader[]>, chain: string, line: string): void {
  const target = line.slice(line.lastIndexOf(" -j ") + " -j ".length);
  if (!ownChains.isOfFragment(target)) return;
  const list = leaders.get(target);
  if (list === undefined) leaders.set(target, [{ chain, line }]);
  else list.push({ chain, line });
}
