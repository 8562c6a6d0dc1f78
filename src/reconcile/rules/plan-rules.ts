import { feed, type PhasedSteps, toolNames } from "../../ir/artifact.ts";
import { type Family, familyNames } from "../../model/address.ts";
import {
  iptablesChains as chains,
  isServicePortChain,
  servicePortChainKinds,
  servicePortChainRank,
} from "../../programs/kube-proxy/chain-names.ts";
import type { Backend } from "../live/host-state.ts";
import type { OwnedRules } from "../owned-state.ts";
import { cutBlindly, cutIntoFragments, mostChainsAtOnce, transaction } from "./edit-chain.ts";
import { type ChainChange, diffRules } from "./rule-changes.ts";
import { type TwoTables, transitionalFilter, transitionalNat } from "./transitional-filter.ts";

type Lines = readonly string[];

/**
 * The steps from live to desired rules of one family. The filter table changes twice, before nat and after it, and what
 * IPVS still needs of nat is deleted last: see transitional-filter.ts.
 */
export function planRules(
  family: Family,
  desired: OwnedRules | undefined,
  live: OwnedRules | undefined,
  backend: Backend,
): PhasedSteps {
  const step = (purpose: string, lines: Lines) =>
    feed(`${purpose} (${familyNames[family]})`, [`${toolNames[family]}-restore`, "--noflush", "--wait", "5"], lines);
  const [have, want] = [tablesOf(live), tablesOf(desired)];
  const first = withTables(live, { ...have, filter: transitionalFilter(have, want) });
  const second = withTables(first, { ...tablesOf(first), nat: transitionalNat(have.nat, want.nat) });
  const nat = planNat(diffRules(family, second, first), backend);
  const changes = diffRules(family, desired, second);
  const of = (name: string): Lines =>
    transaction(
      name,
      changes.filter(({ table }) => table === name),
    );
  const others = [...new Set(changes.map(({ table }) => table))].filter((table) => !["filter", "nat"].includes(table));
  return {
    make: [
      ...step("update the filter table before the nat table", transaction("filter", diffRules(family, first, live))),
      ...step("create chains without callers", nat.make),
    ],
    switchOver: step(
      nat.make.length > 0 ? "add jumps to them" : "update the nat table in one transaction",
      nat.switchOver,
    ),
    remove: [
      ...step("update the filter table after the nat table", of("filter")),
      ...step("delete what the nat table no longer uses", [...nat.remove, ...of("nat")]),
      ...step("delete leftovers in other tables", others.flatMap(of)),
    ],
  };
}

function tablesOf(rules: OwnedRules | undefined): TwoTables {
  return { nat: rules?.tables.get("nat"), filter: rules?.tables.get("filter") };
}

function withTables(rules: OwnedRules | undefined, { nat, filter }: TwoTables): OwnedRules | undefined {
  if (nat === undefined && filter === undefined) return rules;
  const tables = new Map(rules?.tables);
  if (nat !== undefined) tables.set("nat", nat);
  if (filter !== undefined) tables.set("filter", filter);
  return { sharedWithKubelet: rules?.sharedWithKubelet ?? false, tables };
}

interface NatLines {
  readonly make: Lines;
  readonly switchOver: Lines;
  readonly remove: Lines;
}

/** One transaction, unless iptables-nft would take minutes: its time grows with the square of the number of chains. */
function planNat(changes: readonly ChainChange[], backend: Backend): NatLines {
  const nat = (some: readonly ChainChange[]): Lines => transaction("nat", some);
  if (backend === "legacy" || changes.length <= mostChainsAtOnce) {
    return { make: [], switchOver: nat(changes), remove: [] };
  }
  const of = (desired: ReturnType<typeof roleOf>): readonly ChainChange[] =>
    changes.filter((change) => roleOf(change) === desired);
  return {
    make: [...nat(of("base")), ...cutIntoFragments(of("own")).flatMap(nat)],
    switchOver: nat(of("shared")),
    remove: cutBlindly(topDown(of("stale"))).flatMap(nat),
  };
}

/** The phase of a change: chains that own chains call, own chains, callers of those, and chains without callers. */
function roleOf({ chain, kind, isBuiltIn }: ChainChange): "base" | "own" | "shared" | "stale" {
  if (kind === "remove") return isBuiltIn ? "shared" : "stale";
  if (isServicePortChain(chain)) return "own";
  const isBase = chain === chains.markMasquerade || chain === chains.postrouting || chain === "POSTROUTING";
  return isBase ? "base" : "shared";
}

/** A chain can be deleted when no rule jumps to it: callers are deleted before the chains they call. */
function topDown(changes: readonly ChainChange[]): readonly ChainChange[] {
  const rank = ({ chain }: ChainChange): number => {
    if (chain === chains.services) return -2;
    if (chain === chains.markMasquerade) return servicePortChainKinds.length;
    return servicePortChainRank(chain);
  };
  return [...changes].sort((a, b) => rank(a) - rank(b));
}
