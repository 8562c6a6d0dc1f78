import type { Backend, Step } from "../ir/artifact.ts";
import type { OwnedRules } from "../ir/owned.ts";
import type { Family } from "../model/address.ts";
import type { FamilyPlan, ForwardingPlan } from "../plan/forwarding/forwarding-plan.ts";
import { type ForwardingProgram, type KernelWriter, noFragment } from "../programs/program.ts";
import { nothingOwned, type OwnedState } from "../reconcile/owned-state.ts";
import { planDelta } from "../reconcile/plan-changes.ts";
import { type FamilyPart, kernelOfPart, tablesOfPart } from "./delta-kernel.ts";
import { type Member, rulesOfPart, type Sides, withSetRules } from "./delta-rules.ts";
import type { Fragments } from "./lower-services.ts";
import { type Ledgers, type ReferenceCounts, replaceFragment } from "./reference-counts.ts";

export interface PartRequest {
  /** In name order. */
  readonly keys: readonly string[];
  readonly before: Fragments;
  readonly after: Fragments;
  readonly ledgers: Ledgers;
  /** Of the part, after. */
  readonly plan: ForwardingPlan;
  readonly program: Pick<ForwardingProgram, "kernel" | "writeTablePart">;
  readonly backends: Readonly<Record<Family, Backend>>;
}

/** The steps that bring some Services from before to after. Updates the ledgers to the state after. */
export function planPartOf(request: PartRequest): readonly Step[] {
  const { kernel } = request.program;
  const parts = request.plan.families.map((family) => familyPart(family, request));
  const rules = parts.map(({ members, ledger }) => rulesOfPart(members, ledger));
  const filled = parts.map(({ ledger }) => filledSets(ledger));
  const had = kernel ? kernelOfPart(parts, kernel, "before", undefined) : nothingOwned;
  const hadTables = tablesOf(parts, request, "before");
  const counters = countersOf(parts);
  for (const { members, ledger } of parts) {
    for (const { key, before, after } of members) replaceFragment(ledger, key, before, after);
  }
  const has = kernel ? kernelOfPart(parts, kernel, "after", had.sets) : nothingOwned;
  const whole = rules.map((sides, index) =>
    withFixedRules(sides, kernel, parts[index] as FamilyPart, filled[index] as Filled),
  );
  const found = { ...had, tables: hadTables, counters, rules: byFamily(parts, whole, "found") };
  const tables = tablesOf(parts, request, "after");
  const wanted = { ...has, tables, counters: countersOf(parts), rules: byFamily(parts, whole, "wanted") };
  return planDelta(wanted, found, request.backends);
}

function tablesOf(
  parts: readonly FamilyPart[],
  { program }: PartRequest,
  side: "before" | "after",
): OwnedState["tables"] {
  const write = program.writeTablePart;
  return write === undefined ? nothingOwned.tables : tablesOfPart(parts, write, side);
}

function familyPart(
  { family, settings }: Pick<FamilyPlan, "family" | "settings">,
  { keys, before, after, ledgers }: PartRequest,
): FamilyPart {
  const members = keys.map((key): Member => {
    const [was, is] = [before.get(family)?.get(key) ?? noFragment, after.get(family)?.get(key) ?? noFragment];
    return { key, before: was, after: is };
  });
  return { family, settings, members, ledger: ledgers.get(family) as ReferenceCounts };
}

type Filled = ReadonlySet<string>;

function filledSets({ entries }: ReferenceCounts): Filled {
  return new Set([...entries].flatMap(([set, counts]) => (counts.size > 0 ? [set] : [])));
}

/** The first entry of a set adds the rules that refer to it; removing the last entry deletes them. */
function withFixedRules(
  sides: Sides<OwnedRules>,
  kernel: KernelWriter | undefined,
  { settings, ledger }: FamilyPart,
  before: Filled,
): Sides<OwnedRules> {
  if (kernel === undefined) return sides;
  const after = filledSets(ledger);
  if (before.size === after.size && [...before].every((set) => after.has(set))) return sides;
  return {
    found: withSetRules(
      sides.found,
      kernel.setRules(settings, (set) => before.has(set)),
    ),
    wanted: withSetRules(
      sides.wanted,
      kernel.setRules(settings, (set) => after.has(set)),
    ),
  };
}

function countersOf(parts: readonly FamilyPart[]): ReadonlySet<string> {
  return new Set(parts.flatMap(({ ledger }) => [...ledger.counters.keys()]));
}

function byFamily(
  parts: readonly FamilyPart[],
  rules: readonly Sides<OwnedRules>[],
  side: keyof Sides<OwnedRules>,
): OwnedState["rules"] {
  const owned: Record<Family, OwnedRules | undefined> = { ipv4: undefined, ipv6: undefined };
  parts.forEach(({ family }, index) => {
    owned[family] = rules[index]?.[side];
  });
  return owned;
}
