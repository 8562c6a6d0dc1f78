import { printTarget } from "../../../datapath/address-set.ts";
import { printPart } from "../../../datapath/share.ts";
import { placeIn } from "../../../diagnostics/place.ts";
import type { Cause, Fault, FaultPath, PlaceOfChain, RuleHop } from "../../traffic-mode.ts";

/** Whether an action ends the nat table for a packet. */
export function endsNat(kind: string): boolean {
  return kind === "masquerade" || kind === "snat" || kind === "dnat";
}

/** A rule that is not kube-proxy's translates the destination first; `to` should have been reached instead. */
export function diversion(
  { fault, hops, traffic }: FaultPath,
  { to, remedy }: { readonly to: string; readonly remedy: string },
): Cause {
  const hop = hops.findLast(
    ({ rule, table, chain }) =>
      endsNat(rule.action.kind) && !traffic.mode.isOwn({ table, chain }) && rule.action.kind !== "masquerade",
  );
  const { verdict } = fault.outcome;
  const target = verdict.kind === "delivered" ? printTarget(verdict.target) : "another address";
  if (hop === undefined)
    return {
      code: "service-traffic-diverted",
      key: target,
      table: "nat",
      chain: "",
      place: undefined,
      parameters: { rule: "a rule", through: "", target, to },
    };
  const first = hops.find(({ table, root, chain }) => table === hop.table && root === hop.root && chain === root);
  const through =
    first !== undefined && "chain" in first.rule.action && first.rule.action.chain !== hop.chain
      ? ` (called through ${first.rule.action.chain})`
      : "";
  return {
    code: "service-traffic-diverted",
    ...spot(hop),
    parameters: { rule: describeHop(hop), through, target, to },
    hint: `use another port there, or ${remedy}`,
  };
}

/** What a blocking rule or policy is called, and how to let packets pass it. */
interface BlockerWords {
  readonly ofRule: (hop: RuleHop) => string;
  readonly ofPolicy: (place: Pick<Cause, "table" | "chain">) => { readonly what: string; readonly hint: string };
  /** Where no rule or policy is at the end of the path. */
  readonly otherwise: Pick<Cause, "table" | "chain">;
}

export function blocker({ fault, placeOf }: FaultPath, { ofRule, ofPolicy, otherwise }: BlockerWords): Cause {
  const last = fault.outcome.hops.at(-1);
  const verb = fault.outcome.verdict.kind === "rejected" ? "rejects" : "drops";
  const code = "service-traffic-blocked";
  if (last?.kind === "rule")
    return { code, ...spot(last), parameters: { what: describeHop(last), verb }, hint: ofRule(last) };
  const { table, chain } = last?.kind === "policy" ? last : otherwise;
  const { what, hint } = ofPolicy({ table, chain });
  return { ...ofChain(code, { table, chain }, fault, placeOf), parameters: { what, verb }, hint };
}

/** `33.3%` of the connections. */
export function lostShare({ outcome: { share } }: Fault): string {
  return printPart(Number(share.numerator) / Number(share.denominator));
}

/** The effect of a missing masquerade, as messages have it. */
export const unanswered = "are not masqueraded, so replies do not come back";

/** A place in the text: that of a rule. */
export function spot(hop: RuleHop): Pick<Cause, "key" | "table" | "chain" | "place"> {
  const { table, chain, number, file, rule } = hop;
  const place = placeIn(file, rule.line);
  return { key: `${table} ${chain} ${number}`, table, chain, place };
}

/** `rule 3 of DOCKER-USER (table filter)` */
export function describeHop({ number, chain, table }: RuleHop): string {
  return `rule ${number} of ${chain} (table ${table})`;
}

export function ofChain<C extends Cause["code"]>(
  code: C,
  { table, chain }: Pick<Cause, "table" | "chain">,
  fault: Fault,
  placeOf: PlaceOfChain,
): Pick<Cause, "key" | "table" | "chain" | "place"> & { readonly code: C } {
  const { family } = fault.destination;
  const place = placeOf(family, table, chain);
  return { code, key: `${code} ${family} ${table} ${chain}`, table, chain, place };
}
