import { printTarget } from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Hop } from "../../datapath/packet.ts";
import { printPart } from "../../datapath/share.ts";
import type { Code } from "../../diagnostics/catalog.ts";
import type { Place } from "../../diagnostics/place.ts";
import { toolNames } from "../../ir/artifact.ts";
import type { Family } from "../../model/address.ts";
import { iptablesChains } from "../../programs/kube-proxy/chain-names.ts";
import { placeIn } from "../places-in-texts.ts";
import type { Fault } from "./judge-traffic.ts";
import { isKubeProxyChain, jumpCommand } from "./own-rules.ts";
import type { TrafficHost } from "./traffic-host.ts";

/** Why packets to Services are treated wrongly. Faults with one cause make one finding. */
export interface Cause {
  readonly code: Extract<Code, `service-${string}`>;
  /** Equal for faults with this cause. */
  readonly key: string;
  readonly table: string;
  readonly chain: string;
  readonly place: Place | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly hint?: string | undefined;
}

export interface CauseContext {
  readonly traffic: TrafficHost;
  readonly placeOf: PlaceOfChain;
}

/** Where the text declares a chain; undefined where it does not. */
export type PlaceOfChain = (family: Family, table: string, chain: string) => Place | undefined;

export type RuleHop = Extract<Hop, { readonly kind: "rule" }>;

/** A rule on a packet's path, and the built-in chain from which it was reached. */
export interface RootedHop extends RuleHop {
  readonly root: string;
}

const { services, postrouting, markMasquerade } = iptablesChains;

/** The first cause on the packet's path. */
export function findCause(fault: Fault, context: CauseContext): Cause {
  const hops = rooted(fault.outcome.hops, context.traffic.host);
  switch (fault.kind) {
    case "untranslated":
      return missedServices(fault, hops, context, "reach no endpoint");
    case "diverted":
      return diversion(fault, hops, {
        to: services,
        remedy: `move the jump to ${services} before it`,
        isOwn: context.traffic.isOwn,
      });
    case "blocked":
      return blocker(fault, context);
    case "lost":
      return lost(fault, context);
    case "unmasqueraded":
      return unmasqueraded(fault, hops, context);
    case "admitted":
      return notRefused(fault, hops, context, "service-access-open");
    case "unrefused":
      return notRefused(fault, hops, context, "service-refusal-missing");
    case "client-hidden":
      return {
        ...ofChain("service-client-hidden", { table: "nat", chain: postrouting }, fault, context),
        parameters: { chain: postrouting },
      };
  }
}

export function rooted(hops: readonly Hop[], { stages }: Pick<EvaluatedHost, "stages">): readonly RootedHop[] {
  const bases = new Set(stages.map(({ entry: { table, chain } }) => `${table} ${chain}`));
  const roots = new Map<string, string>();
  return hops.flatMap((hop) => {
    if (hop.kind !== "rule") return [];
    if (bases.has(`${hop.table} ${hop.chain}`)) roots.set(hop.table, hop.chain);
    return [{ ...hop, root: roots.get(hop.table) ?? "" }];
  });
}

function leadsTo(hops: readonly RootedHop[], table: string, root: string, chain: string): boolean {
  return hops.some(
    (hop) => hop.table === table && hop.root === root && "chain" in hop.rule.action && hop.rule.action.chain === chain,
  );
}

/** The path does not lead through kube-proxy's rules as it should. */
function missedServices(fault: Fault, hops: readonly RootedHop[], context: CauseContext, effect: string): Cause {
  const root = fault.source.entry === "node" ? "OUTPUT" : "PREROUTING";
  if (!leadsTo(hops, "nat", root, services)) return notLed(fault, hops, context, { root, to: services, effect });
  const foreign = hops.findLast(
    ({ table, root: from, chain, rule }) =>
      table === "nat" && from === root && rule.action.kind === "verdict" && isKubeProxyChain(chain),
  );
  const { mode } = context.traffic;
  if (foreign !== undefined && (mode === "iptables" || foreign.rule.predicates.every(({ kind }) => kind !== "lookup")))
    return {
      code: "service-rules-bypassed",
      ...spot(foreign),
      parameters: { rule: describeHop(foreign), to: "the rules of the Service", effect },
      hint: "delete the rule, which is not kube-proxy's",
    };
  const chain = mode === "ipvs" && fault.destination.kind === "node-port" ? "KUBE-NODE-PORT" : services;
  return flushed(fault, context, chain, effect);
}

interface Way {
  readonly root: string;
  readonly to: string;
  readonly effect: string;
}

/** A foreign rule ends the table before our chain, or no rule leads there. */
function notLed(fault: Fault, hops: readonly RootedHop[], context: CauseContext, { root, to, effect }: Way): Cause {
  const ending = hops.findLast(
    ({ table, root: from, rule }) =>
      table === "nat" && from === root && (rule.action.kind === "verdict" || endsNat(rule.action.kind)),
  );
  if (ending !== undefined) {
    return {
      code: "service-rules-bypassed",
      ...spot(ending),
      parameters: { rule: describeHop(ending), to, effect },
      hint: `move the jump to ${to} before it, or restart kube-proxy, which inserts the jump first`,
    };
  }
  const command = jumpCommand(context.traffic.mode, "nat", root, to);
  const tool = toolNames[fault.destination.family];
  const repair = command === undefined ? "" : `: ${tool} ${command}`;
  return {
    ...ofChain("service-jump-missing", { table: "nat", chain: root }, fault, context),
    parameters: { chain: root, table: "nat", to, effect },
    hint: `restart kube-proxy or run portolan apply, or insert the jump${repair}`,
  };
}

function endsNat(kind: string): boolean {
  return kind === "masquerade" || kind === "snat" || kind === "dnat";
}

function flushed(fault: Fault, context: CauseContext, chain: string, effect: string): Cause {
  return {
    ...ofChain("service-chain-flushed", { table: "nat", chain }, fault, context),
    parameters: { chain, table: "nat", effect },
  };
}

export function diversion(
  fault: Fault,
  hops: readonly RootedHop[],
  { to, remedy, isOwn }: { readonly to: string; readonly remedy: string; readonly isOwn: TrafficHost["isOwn"] },
): Cause {
  const hop = hops.findLast(
    ({ rule, table, chain }) =>
      endsNat(rule.action.kind) && !isOwn({ table, chain }) && rule.action.kind !== "masquerade",
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

export function blocker(fault: Fault, context: CauseContext): Cause {
  const last = fault.outcome.hops.at(-1);
  const verb = fault.outcome.verdict.kind === "rejected" ? "rejects" : "drops";
  if (last?.kind === "rule") {
    const hint = "accept packets to and from pods before this rule";
    return { code: "service-traffic-blocked", ...spot(last), parameters: { what: describeHop(last), verb }, hint };
  }
  const { table, chain } = last?.kind === "policy" ? last : { table: "filter", chain: "FORWARD" };
  const tool = toolNames[fault.destination.family];
  const hint =
    chain === "FORWARD"
      ? `accept what comes from and goes to pods (${tool} -I FORWARD -s POD_RANGE -j ACCEPT, the same with -d), or set the policy: ${tool} -P FORWARD ACCEPT`
      : `accept these packets in ${chain}, or set the policy: ${tool} -P ${chain} ACCEPT`;
  return {
    ...ofChain("service-traffic-blocked", { table, chain }, fault, context),
    parameters: { what: `policy DROP of ${chain} (table ${table})`, verb },
    hint,
  };
}

/** The chain of the Service that led nowhere: the last one that the packet was sent to. */
function lost(fault: Fault, context: CauseContext): Cause {
  const hops = rooted(fault.outcome.hops, context.traffic.host).filter(({ table }) => table === "nat");
  const last = hops.findLast(
    ({ rule }) => "chain" in rule.action && rule.action.chain.startsWith("KUBE-S") && rule.action.chain !== services,
  );
  const chain = last !== undefined && "chain" in last.rule.action ? last.rule.action.chain : services;
  const what = context.traffic.mode === "ipvs" ? "no virtual server" : chain;
  return {
    ...ofChain("service-traffic-lost", { table: "nat", chain }, fault, context),
    key: `lost ${what} ${fault.destination.service ?? ""}`,
    parameters: {
      share: lostShare(fault),
      why: what === chain ? `at the end of ${chain}` : "since there is no virtual server for it",
    },
  };
}

/** `33.3%` of the connections. */
export function lostShare({ outcome: { share } }: Fault): string {
  return printPart(Number(share.numerator) / Number(share.denominator));
}

const unanswered = "are not masqueraded, so replies do not come back";

function unmasqueraded(fault: Fault, hops: readonly RootedHop[], context: CauseContext): Cause {
  const { intended } = fault;
  if (intended?.masqueraded !== true) {
    const own = hops.findLast(({ chain }) => chain.startsWith("KUBE-SEP-") || chain.startsWith("KUBE-EXT-"));
    const chain = own?.chain ?? services;
    return { ...ofChain("service-masquerade-missing", { table: "nat", chain }, fault, context), parameters: { chain } };
  }
  const isMarkDue = rooted(intended.hops, context.traffic.host).some(({ chain }) => chain === markMasquerade);
  if (isMarkDue && !hops.some(({ chain, rule }) => chain === markMasquerade && rule.action.kind === "set-mark")) {
    const isSent = hops.some(({ rule }) => "chain" in rule.action && rule.action.chain === markMasquerade);
    return isSent
      ? flushed(fault, context, markMasquerade, unanswered)
      : missedServices(fault, hops, context, unanswered);
  }
  if (leadsTo(hops, "nat", "POSTROUTING", postrouting)) return flushed(fault, context, postrouting, unanswered);
  return notLed(fault, hops, context, { root: "POSTROUTING", to: postrouting, effect: unanswered });
}

type RefusalCode = "service-access-open" | "service-refusal-missing";

/** A rule of kube-proxy should have refused the packet: no rule leads to it, or a foreign one accepts first. */
function notRefused(fault: Fault, hops: readonly RootedHop[], context: CauseContext, code: RefusalCode): Cause {
  const due = rooted(fault.intended?.hops ?? [], context.traffic.host).at(-1);
  const [root, chain, table] = [due?.root ?? "FORWARD", due?.chain ?? services, due?.table ?? "filter"];
  const accepting = hops.findLast(
    ({ table: of, root: from, rule, chain: own }) =>
      of === table &&
      from === root &&
      rule.action.kind === "verdict" &&
      rule.action.verdict === "accept" &&
      !isKubeProxyChain(own),
  );
  const why =
    accepting === undefined ? `${root} does not lead to ${chain}` : `${describeHop(accepting)} accepts them first`;
  const where =
    accepting === undefined ? ofChain(code, { table, chain: root }, fault, context) : { code, ...spot(accepting) };
  return { ...where, key: `${code} ${table} ${root} ${chain}`, parameters: { why } };
}

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
  { placeOf }: CauseContext,
): Pick<Cause, "key" | "table" | "chain" | "place"> & { readonly code: C } {
  const { family } = fault.destination;
  const place = placeOf(family, table, chain);
  return { code, key: `${code} ${family} ${table} ${chain}`, table, chain, place };
}
