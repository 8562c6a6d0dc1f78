import { type Backend, feed, type PhasedSteps, toolNames } from "../../../ir/artifact.ts";
import type { ChainChange, OwnedRules } from "../../../ir/owned.ts";
import { type Family, familyNames } from "../../../model/address.ts";
import type { OwnChains } from "../own-chains.ts";
import { cutBlindly, cutIntoFragments, mostChainsAtOnce, transaction } from "./edit-chain.ts";
import { diffRules } from "./rule-changes.ts";
import { type TwoTables, transitionalFilter, transitionalNat } from "./transitional-filter.ts";

type Lines = readonly string[];

/** The rules of a family, as they should be and as they are; undefined: none. */
export interface RulesToPlan {
  readonly family: Family;
  readonly desired: OwnedRules | undefined;
  readonly live: OwnedRules | undefined;
  readonly backend: Backend;
  readonly own: OwnChains;
}

/**
 * The steps from live to desired rules of one family. The filter table changes twice, before nat and after it, and what
 * IPVS still needs of nat is deleted last: see transitional-filter.ts.
 */
export function planRules({ family, desired, live, backend, own }: RulesToPlan): PhasedSteps {
  const step = (purpose: string, lines: Lines) =>
    feed(`${purpose} (${familyNames[family]})`, [`${toolNames[family]}-restore`, "--noflush", "--wait", "5"], lines);
  const [have, want] = [tablesOf(live), tablesOf(desired)];
  const first = withTables(live, { ...have, filter: transitionalFilter(have, want, own) });
  const second = withTables(first, { ...tablesOf(first), nat: transitionalNat(have.nat, want.nat, own) });
  const nat = planNat(diffRules(family, second, first, own), backend, own);
  const changes = diffRules(family, desired, second, own);
  const of = (name: string): Lines =>
    transaction(
      name,
      changes.filter(({ table }) => table === name),
    );
  const others = [...new Set(changes.map(({ table }) => table))].filter((table) => !["filter", "nat"].includes(table));
  return {
    make: [
      ...step(
        "update the filter table before the nat table",
        transaction("filter", diffRules(family, first, live, own)),
      ),
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
  return { isShared: rules?.isShared ?? false, tables };
}

interface NatLines {
  readonly make: Lines;
  readonly switchOver: Lines;
  readonly remove: Lines;
}

/** One transaction, unless iptables-nft would take minutes: its time grows with the square of the number of chains. */
function planNat(changes: readonly ChainChange[], backend: Backend, own: OwnChains): NatLines {
  const nat = (some: readonly ChainChange[]): Lines => transaction("nat", some);
  if (backend === "legacy" || changes.length <= mostChainsAtOnce) {
    return { make: [], switchOver: nat(changes), remove: [] };
  }
  const of = (desired: ReturnType<typeof phaseOf>): readonly ChainChange[] =>
    changes.filter((change) => phaseOf(change, own) === desired);
  return {
    make: [...nat(of("base")), ...cutIntoFragments(of("own"), own).flatMap(nat)],
    switchOver: nat(of("shared")),
    remove: cutBlindly(topDown(of("stale"), own)).flatMap(nat),
  };
}

/** The phase of a change: chains that own chains call, own chains, callers of those, and chains without callers. */
function phaseOf(
  { chain, kind, isBuiltIn }: ChainChange,
  { isOfFragment, roleOf }: OwnChains,
): "base" | "own" | "shared" | "stale" {
  if (kind === "remove") return isBuiltIn ? "shared" : "stale";
  if (isOfFragment(chain)) return "own";
  const role = roleOf(chain);
  return role === "mark" || role === "masquerade" || chain === "POSTROUTING" ? "base" : "shared";
}

/** A chain can be deleted when no rule jumps to it: callers are deleted before the chains they call. */
function topDown(changes: readonly ChainChange[], { depthOf }: OwnChains): readonly ChainChange[] {
  return [...changes].sort((a, b) => depthOf(a.chain) - depthOf(b.chain));
}
