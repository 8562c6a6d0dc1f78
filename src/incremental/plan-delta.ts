import type { Step } from "../ir/step.ts";
import type { Family } from "../model/address.ts";
import type { ForwardingPlan } from "../plan/forwarding/forwarding-plan.ts";
import { type SetKey, setKeys } from "../programs/kube-proxy/ipvs/sets.ts";
import type { Backend } from "../reconcile/live/host-state.ts";
import { nothingOwned, type OwnedRules, type OwnedState } from "../reconcile/owned-state.ts";
import { planPart } from "../reconcile/plan-changes.ts";
import { type FamilyPart, kernelOfPart } from "./delta-kernel.ts";
import { type Member, rulesOfPart, type Sides, withSetRules } from "./delta-rules.ts";
import { type Fragments, noFragment } from "./lower-services.ts";
import { type Ledger, type Ledgers, replaceFragment } from "./reference-counts.ts";

export interface PartRequest {
  /** In name order. */
  readonly keys: readonly string[];
  readonly before: Fragments;
  readonly after: Fragments;
  readonly ledgers: Ledgers;
  /** Of the part, after. */
  readonly plan: ForwardingPlan;
  readonly isIpvs: boolean;
  readonly backends: Readonly<Record<Family, Backend>>;
}

/** The steps that lead some Services from before to after. The ledgers, of before, are then of after. */
export function planPartOf(request: PartRequest): readonly Step[] {
  const parts = request.plan.families.map(({ family }) => familyPart(family, request));
  const rules = parts.map(({ members, ledger }) => rulesOfPart(members, ledger));
  const filled = parts.map(({ ledger }) => filledSets(ledger));
  const kernel = request.isIpvs ? kernelOfPart(parts, "before", undefined) : nothingOwned;
  const counters = countersOf(parts);
  for (const { members, ledger } of parts) {
    for (const { key, before, after } of members) replaceFragment(ledger, key, before, after);
  }
  const wantedKernel = request.isIpvs ? kernelOfPart(parts, "after", kernel.sets) : nothingOwned;
  const whole = rules.map((sides, index) => withFixedRules(sides, request, index, filled[index] as Filled, parts));
  const found = { ...kernel, counters, rules: byFamily(parts, whole, "found") };
  const wanted = { ...wantedKernel, counters: countersOf(parts), rules: byFamily(parts, whole, "wanted") };
  return planPart(wanted, found, request.backends);
}

function familyPart(family: Family, { keys, before, after, ledgers }: PartRequest): FamilyPart {
  const members = keys.map((key): Member => {
    const [was, is] = [before.get(family)?.get(key) ?? noFragment, after.get(family)?.get(key) ?? noFragment];
    return { key, before: was, after: is };
  });
  return { family, members, ledger: ledgers.get(family) as Ledger };
}

type Filled = ReadonlySet<SetKey>;

function filledSets({ entries }: Ledger): Filled {
  return new Set(setKeys.filter((key) => entries[key].size > 0));
}

/** In ipvs mode a set's first entry brings rules that ask for it, and its last takes them away. */
function withFixedRules(
  sides: Sides<OwnedRules>,
  { plan, isIpvs }: PartRequest,
  index: number,
  before: Filled,
  parts: readonly FamilyPart[],
): Sides<OwnedRules> {
  const settings = plan.families[index]?.settings;
  const ledger = parts[index]?.ledger;
  if (!isIpvs || settings === undefined || ledger === undefined) return sides;
  const after = filledSets(ledger);
  if (setKeys.every((key) => before.has(key) === after.has(key))) return sides;
  return {
    found: withSetRules(sides.found, settings, before),
    wanted: withSetRules(sides.wanted, settings, after),
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
