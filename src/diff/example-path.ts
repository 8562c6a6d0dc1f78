import type { Part } from "../datapath/classes.ts";
import { type EvaluatedHost, serverKey } from "../datapath/host.ts";
import type { Hop } from "../datapath/packet.ts";
import type { LoadedChain } from "../ir/datapath.ts";
import type { Difference } from "./destinations/compare-destination.ts";
import type { PathRule, TrafficChange } from "./traffic-diff.ts";

/** A node on both sides, as packets meet it. */
export interface ComparedHosts {
  readonly base: EvaluatedHost;
  readonly head: EvaluatedHost;
}

/** The rules that the packets of a difference meet before and after, in order, whichever endpoint they reach. */
export function pathOf({ was, now }: Difference, { base, head }: ComparedHosts): TrafficChange["examplePath"] {
  return { before: rulesOf(was, head), after: rulesOf(now, base) };
}

const mostRules = 12;

function rulesOf(parts: readonly Part[], other: EvaluatedHost): readonly PathRule[] {
  const found = new Map<string, PathRule>();
  for (const hop of parts.flatMap(({ outcome }) => outcome.hops)) {
    if (found.size === mostRules) break;
    const rule = ruleOf(hop, other);
    if (rule !== undefined) found.set(`${rule.where} ${rule.text}`, rule);
  }
  return [...found.values()];
}

function ruleOf(hop: Hop, other: EvaluatedHost): PathRule | undefined {
  switch (hop.kind) {
    case "rule": {
      const { table, chain, rule } = hop;
      const { ipv4, ipv6 } = other.families;
      const isShared = [ipv4, ipv6].some(({ tables }) => hasLine(tables.get(table)?.get(chain), rule.text));
      return { where: `${table} ${chain}`, text: rule.text, differs: !isShared };
    }
    case "virtual-server": {
      const { text, protocol, address } = hop.server;
      return { where: "ipvs", text, differs: other.servers.get(serverKey(protocol, address))?.text !== text };
    }
    case "policy":
      return undefined;
  }
}

const lineSets = new WeakMap<LoadedChain, ReadonlySet<string>>();

function hasLine(chain: LoadedChain | undefined, text: string): boolean {
  if (chain === undefined) return false;
  const known = lineSets.get(chain) ?? new Set(chain.lines);
  lineSets.set(chain, known);
  return known.has(text);
}
