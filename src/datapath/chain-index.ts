import type { LoadedChain, PacketRule } from "../ir/datapath.ts";
import { canonicalAddress, isAddress } from "./address-set.ts";

/** Kept apart from the chains: most of 100,000 chains are never walked and need no parsed rules. */
const parsed = new WeakMap<LoadedChain, (PacketRule | undefined)[]>();

/** The rule of a line. A line that cannot be read becomes a rule with an unknown action. */
export function ruleAt(chain: LoadedChain, at: number): PacketRule {
  let rules = parsed.get(chain);
  if (rules === undefined) {
    rules = [];
    parsed.set(chain, rules);
  }
  const known = rules[at];
  if (known !== undefined) return known;
  const rule = chain.reader.read({ text: chain.lines[at] ?? "", number: chain.numbers[at] ?? 0 });
  rules[at] = rule;
  return rule;
}

/**
 * The positions of a chain's rules, or of the elements of a set, by what they match: one destination, one port, or neither. Each list is in order.
 */
export interface ChainIndex {
  readonly byAddress: ReadonlyMap<string, readonly number[]>;
  readonly byPort: ReadonlyMap<number, readonly number[]>;
  readonly others: readonly number[];
}

const indexes = new WeakMap<LoadedChain, ChainIndex>();

/** Shorter chains are walked without an index. */
const shortest = 16;

/**
 * The positions of all rules that can match a packet to this address and port, in order, and perhaps some that cannot.
 */
export function rulesFor(chain: LoadedChain, address: string, port: number): readonly number[] {
  if (chain.lines.length < shortest) return chain.lines.map((_, at) => at);
  const index = indexOf(chain);
  const exact = index.byAddress.get(address);
  const ported = index.byPort.get(port);
  if (exact === undefined && ported === undefined) return index.others;
  return [...(exact ?? []), ...(ported ?? []), ...index.others].sort((a, b) => a - b);
}

export function indexOf(chain: LoadedChain): ChainIndex {
  const known = indexes.get(chain);
  if (known !== undefined) return known;
  const { lines, reader } = chain;
  const index = buildIndex(lines.length, {
    addressAt: (at) => {
      // Evaluating one packet needs few of these rules parsed.
      const spelled = reader.peekDestination(lines[at] ?? "");
      const isSpelled = spelled !== undefined && isAddress(spelled);
      return isSpelled ? canonicalAddress(spelled) : exactDestination(ruleAt(chain, at));
    },
    portAt: (at) => exactPort(ruleAt(chain, at)),
  });
  indexes.set(chain, index);
  return index;
}

/** Indexes positions 0 to `length` - 1 by the only destination, or else the only port, that is matched at each. */
export function buildIndex(
  length: number,
  asked: {
    readonly addressAt: (at: number) => string | undefined;
    readonly portAt: (at: number) => number | undefined;
  },
): ChainIndex {
  const byAddress = new Map<string, number[]>();
  const byPort = new Map<number, number[]>();
  const others: number[] = [];
  for (let at = 0; at < length; at += 1) {
    const address = asked.addressAt(at);
    const port = address === undefined ? asked.portAt(at) : undefined;
    if (address !== undefined) enter(byAddress, address, at);
    else if (port !== undefined) enter(byPort, port, at);
    else others.push(at);
  }
  return { byAddress, byPort, others };
}

function enter<Key>(map: Map<Key, number[]>, key: Key, at: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [at]);
  else list.push(at);
}

/** The one destination address that the rule matches. */
export function exactDestination({ predicates }: Pick<PacketRule, "predicates">): string | undefined {
  for (const predicate of predicates) {
    if (predicate.kind !== "address-in" || predicate.side !== "destination" || predicate.negated) continue;
    const [range, second] = predicate.ranges;
    const address = range === undefined || second !== undefined ? undefined : wholeAddress(range);
    if (address !== undefined) return address;
  }
  return undefined;
}

function wholeAddress(range: string): string | undefined {
  const [address = "", length] = range.split("/");
  const isWhole = length === undefined || length === "32" || length === "255.255.255.255" || length === "128";
  return isWhole && isAddress(address) && (length !== "32" || !address.includes(":"))
    ? canonicalAddress(address)
    : undefined;
}

/** The one port, of one protocol, that the rule matches. */
export function exactPort({ predicates }: Pick<PacketRule, "predicates">): number | undefined {
  for (const predicate of predicates) {
    if (predicate.kind !== "port-in" || predicate.side !== "destination" || predicate.negated) continue;
    const [ports, second] = predicate.ports ?? [];
    if (ports !== undefined && second === undefined && ports.from === ports.to) return ports.from;
  }
  return undefined;
}
