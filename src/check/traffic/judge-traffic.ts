import { printTarget } from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Assumption, Hop, Outcome } from "../../datapath/packet.ts";
import type { Action } from "../../ir/datapath.ts";
import type { Fault, FaultKind, ServiceDestination, Source, TrafficHost } from "../../programs/traffic-mode.ts";

/** A question to the datapath, and both of its answers. */
export interface Answers {
  readonly destination: ServiceDestination;
  readonly source: Source;
  readonly actual: readonly Outcome[];
  /** By kube-proxy's rules alone. */
  readonly intended: readonly Outcome[];
}

/**
 * The faults of one kind of packet. A fault that depends on something that the text does not show is none where the
 * other answer leaves nothing to find fault with.
 */
export function faultsOf(answers: Answers, traffic: TrafficHost): readonly Fault[] {
  const judged = answers.actual
    .filter((outcome) => isPlausible(outcome, answers.source))
    .map((outcome) => ({ outcome, fault: faultOf(outcome, answers, traffic) }));
  const fine = judged.filter(({ fault }) => fault === undefined).map(({ outcome }) => outcome);
  const faults = judged.flatMap(({ outcome, fault }) =>
    fault === undefined || fine.some((other) => excuses(other, outcome)) ? [] : [fault],
  );
  const order = traffic.mode.hasOpenOrder ? traffic.host.otherOrder?.assumption : undefined;
  const orders = new Set(faults.map(({ outcome }) => heldOf(outcome, order)));
  if (order === undefined || orders.size !== 1) return faults;
  return faults.map((fault) => ({ ...fault, dependsOnOrder: true }));
}

function heldOf({ assumptions }: Outcome, order: string | undefined): boolean | undefined {
  return assumptions.find(({ what }) => what === order)?.holds;
}

/** Networks of container engines and virtual machines: the packets of pods do not pass their bridges. */
const engines = /^-[io] (?:docker|br-|virbr|lxdbr|lxcbr|podman|cni-podman)/;

function isPlausible({ assumptions }: Outcome, { avoids }: Source): boolean {
  return !assumptions.some(({ what, holds }) => holds && (what === avoids || engines.test(what)));
}

function excuses(fine: Outcome, bad: Outcome): boolean {
  const [one, other] = [targetOf(fine), targetOf(bad)];
  if (one !== undefined && other !== undefined && one !== other) return false;
  return fine.assumptions.some((each) => contradicts(each, bad.assumptions));
}

function contradicts({ what, holds }: Assumption, others: readonly Assumption[]): boolean {
  return others.some((other) => other.what === what && other.holds !== holds);
}

/** Where the packet was sent before it was delivered or refused. */
export function targetOf({ verdict, hops }: Outcome): string | undefined {
  if (verdict.kind === "delivered") return printTarget(verdict.target);
  for (const hop of [...hops].reverse()) {
    const action = hop.kind === "rule" ? chosenAction(hop) : undefined;
    if (action?.kind !== "dnat" || action.to.kind !== "address" || action.ports === undefined) continue;
    return printTarget({ address: action.to.address, port: action.ports.from });
  }
  return undefined;
}

/** The action of a rule, or the one that a number chose among its own. */
function chosenAction({ rule: { action }, element }: Extract<Hop, { kind: "rule" }>): Action | undefined {
  return action.kind === "share-out" ? action.choices.find(({ text }) => text === element)?.action : action;
}

function faultOf(outcome: Outcome, answers: Answers, traffic: TrafficHost): Fault | undefined {
  const { destination, source, intended } = answers;
  // A cache on the node takes these packets on purpose (NodeLocal DNSCache).
  if (outcome.hops.some((hop) => hop.kind === "rule" && hop.rule.action.kind === "no-track")) return undefined;
  const alike = intended.find((each) => outcomeText(each) === outcomeText(outcome)) ?? intended[0];
  const fault = (kind: FaultKind): Fault => ({
    kind,
    destination,
    source,
    outcome,
    intended: alike,
    dependsOnOrder: false,
  });
  const kind = kindOf(outcome, answers, traffic);
  return kind === undefined ? undefined : fault(kind);
}

function outcomeText({ verdict }: Outcome): string {
  return verdict.kind === "delivered" ? printTarget(verdict.target) : verdict.kind;
}

function kindOf(outcome: Outcome, answers: Answers, traffic: TrafficHost): FaultKind | undefined {
  const { verdict } = outcome;
  const has = (kind: Outcome["verdict"]["kind"]): boolean =>
    answers.intended.some((each) => each.verdict.kind === kind);
  switch (verdict.kind) {
    case "unknown":
      return undefined;
    case "untouched":
      if (has("delivered")) return traffic.mode.isBalanced(outcome) ? "lost" : "untranslated";
      if (has("dropped") || has("rejected")) return "unrefused";
      return traffic.mode.isLost(outcome, answers.destination, traffic) ? "lost" : undefined;
    case "dropped":
    case "rejected":
      if (has("delivered")) return refusalKind(outcome, answers, traffic);
      return has("untouched") && traffic.mode.isLost(outcome, answers.destination, traffic) ? "lost" : undefined;
    case "delivered": {
      const same = answers.intended.find((each) => outcomeText(each) === printTarget(verdict.target));
      if (same !== undefined) return sourceKind(outcome, same, answers, traffic);
      return isOwnTranslation(outcome, traffic)
        ? has("dropped") || has("rejected")
          ? "admitted"
          : undefined
        : "diverted";
    }
  }
}

function refusalKind(outcome: Outcome, { intended }: Answers, traffic: TrafficHost): FaultKind | undefined {
  const { host, mode } = traffic;
  const last = outcome.hops.at(-1);
  if (last === undefined || last.kind === "virtual-server") return undefined;
  const isTranslated = outcome.hops.some((hop) => isTranslation(hop) && isOwnHop(hop, traffic));
  if (last.kind === "rule" && mode.isOwn(last)) {
    if (intended.some(({ hops }) => sameHop(hops.at(-1), last))) return undefined;
    // The rules that refuse what was not translated.
    return !isTranslated && mode.isRefusal(last) ? "untranslated" : "blocked";
  }
  const isAfterNat = last.table === "filter" || last.table === "security" || isInTableAfterNat(last, outcome, host);
  return isTranslated || mode.translatesAfterRules || !isAfterNat ? "blocked" : "untranslated";
}

/** The base chain through which a packet came to a rule of nftables runs after the destination is translated. */
function isInTableAfterNat(
  { table }: { readonly table: string },
  { hops }: Outcome,
  { stages }: EvaluatedHost,
): boolean {
  if (!table.includes(" ") || table.includes("(")) return false;
  const ofTable = stages.filter(({ entry }) => entry.table === table);
  const passed = hops.flatMap((hop) =>
    hop.kind === "virtual-server"
      ? []
      : ofTable.filter(({ entry }) => hop.table === table && entry.chain === hop.chain),
  );
  const last = passed.at(-1);
  return last !== undefined && (last.priority > dstnat || (last.hook !== "prerouting" && last.hook !== "output"));
}

const dstnat = -100;

function sameHop(one: Hop | undefined, other: Hop): boolean {
  return one?.kind === "rule" && other.kind === "rule" && one.rule.text === other.rule.text;
}

function isTranslation(hop: Hop): boolean {
  return (
    hop.kind === "virtual-server" ||
    (hop.kind === "rule" && (hop.rule.action.kind === "dnat" || hop.rule.action.kind === "map-network"))
  );
}

function isOwnHop(hop: Hop, { mode }: TrafficHost): boolean {
  return hop.kind === "virtual-server" || (hop.kind === "rule" && mode.isOwn(hop));
}

function isOwnTranslation({ hops }: Outcome, traffic: TrafficHost): boolean {
  const last = hops.findLast(isTranslation);
  return last === undefined || isOwnHop(last, traffic);
}

function sourceKind(
  outcome: Outcome,
  intended: Outcome,
  answers: Answers,
  traffic: TrafficHost,
): FaultKind | undefined {
  if (outcome.masqueraded) {
    const last = outcome.hops.findLast((hop) => hop.kind === "rule" && hop.rule.action.kind === "masquerade");
    const isOwnRule = last !== undefined && isOwnHop(last, traffic);
    return !intended.masqueraded && isOwnRule && intended.verdict.kind === "delivered" ? "client-hidden" : undefined;
  }
  const isDue = intended.masqueraded || isAlwaysDue(outcome, answers, traffic);
  return isDue && needsMasquerade(outcome, answers, traffic) ? "unmasqueraded" : undefined;
}

/** kube-proxy always masquerades these, whatever its configuration. */
function isAlwaysDue(outcome: Outcome, { source, destination }: Answers, { mode }: TrafficHost): boolean {
  if (source.kind === "hairpin") return true;
  if (source.kind !== "outside" || destination.kind === "cluster-ip") return false;
  return mode.reachesAllNodes(outcome, destination);
}

/** Whether the endpoint would send its replies past this node. */
function needsMasquerade({ verdict }: Outcome, { source }: Answers, { host, mode }: TrafficHost): boolean {
  if (source.kind === "hairpin") return true;
  if (verdict.kind !== "delivered" || isLocal(verdict.target.address, host)) return false;
  // The node's own address is reached from everywhere, a service address only on the node itself.
  if (source.kind === "node") return mode.bindsAddresses;
  return source.kind === "outside" || source.kind === "other-pod";
}
