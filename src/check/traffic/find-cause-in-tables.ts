import { ruleAt } from "../../datapath/chain-index.ts";
import type { PacketRule } from "../../ir/datapath.ts";
import {
  isOwnTableName,
  nftChains,
  ownTableName,
  parseServicePortChainName,
} from "../../programs/kube-proxy/nftables/names.ts";
import {
  type Cause,
  type CauseContext,
  describeHop,
  diversion,
  lostShare,
  ofChain,
  type RootedHop,
  rooted,
  spot,
} from "./find-cause.ts";
import type { Fault } from "./judge-traffic.ts";
import { ownChains } from "./restore-nftables.ts";

const { services, masquerading } = nftChains;

/** The first cause on the packet's path, among tables of nftables. */
export function findCauseInTables(fault: Fault, context: CauseContext): Cause {
  const hops = rooted(fault.outcome.hops, context.traffic.host);
  switch (fault.kind) {
    case "untranslated":
      return missedServices(fault, hops, context, "reach no endpoint");
    case "diverted": {
      const remedy = "give kube-proxy's chain the lower priority";
      return diversion(fault, hops, {
        to: `${services} (table ${ownTableName(fault.destination.family)})`,
        remedy,
        isOwn: context.traffic.isOwn,
      });
    }
    case "blocked":
      return blocker(fault, context);
    case "lost":
      return lost(fault, hops, context);
    case "unmasqueraded":
      return unmasqueraded(fault, hops, context);
    case "admitted":
      return notRefused(fault, hops, context, "service-access-open");
    case "unrefused":
      return notRefused(fault, hops, context, "service-refusal-missing");
    case "client-hidden":
      return {
        ...inOwnTable("service-client-hidden", masquerading, fault, context),
        parameters: { chain: masquerading },
      };
  }
}

function inOwnTable<C extends Cause["code"]>(
  code: C,
  chain: string,
  fault: Fault,
  context: CauseContext,
): ReturnType<typeof ofChain<C>> {
  return ofChain(code, { table: ownTableName(fault.destination.family), chain }, fault, context);
}

/** A rule in kube-proxy's table that it does not write, and that ends the packet's way through it. */
function foreignVerdict(hops: readonly RootedHop[], root: string): RootedHop | undefined {
  return hops.findLast(
    (hop) =>
      isOwnTableName(hop.table) &&
      hop.root === root &&
      hop.element === undefined &&
      hop.rule.action.kind === "verdict" &&
      hop.rule.action.verdict !== "drop",
  );
}

/** The base chain calls the other with each packet, or with each of a new connection. */
function isLed({ traffic }: CauseContext, fault: Fault, { root, to }: Pick<Way, "root" | "to">): boolean {
  const chain = ownChains(traffic.host, fault.destination.family).get(root);
  const calls = ({ action, predicates }: PacketRule): boolean =>
    action.kind === "jump" &&
    action.chain === to &&
    predicates.every((each) => each.kind === "connection-state" && !each.negated && each.states.includes("NEW"));
  return chain?.lines.some((_, at) => calls(ruleAt(chain, at))) === true;
}

interface Way {
  readonly root: string;
  readonly to: string;
  readonly effect: string;
}

const hint = "restart kube-proxy, or run portolan apply, to make its table again";

/** Kube-proxy's base chain does not lead where it should, or the chain there has lost rules. */
function notLed(fault: Fault, hops: readonly RootedHop[], context: CauseContext, { root, to, effect }: Way): Cause {
  const table = ownTableName(fault.destination.family);
  const foreign = foreignVerdict(hops, root);
  if (foreign !== undefined) {
    const remedy = "delete the rule, which is not kube-proxy's";
    return {
      code: "service-rules-bypassed",
      ...spot(foreign),
      parameters: { rule: describeHop(foreign), to: foreign.chain === root ? to : "the rules of the Service", effect },
      hint: remedy,
    };
  }
  if (!isLed(context, fault, { root, to }))
    return {
      ...inOwnTable("service-jump-missing", root, fault, context),
      parameters: { chain: root, table, to, effect },
      hint,
    };
  return {
    ...inOwnTable("service-chain-flushed", to, fault, context),
    parameters: { chain: to, table, effect },
    hint,
  };
}

function missedServices(fault: Fault, hops: readonly RootedHop[], context: CauseContext, effect: string): Cause {
  const root = fault.source.entry === "node" ? "nat-output" : "nat-prerouting";
  return notLed(fault, hops, context, { root, to: services, effect });
}

function blocker(fault: Fault, context: CauseContext): Cause {
  const last = fault.outcome.hops.at(-1);
  const verb = fault.outcome.verdict.kind === "rejected" ? "rejects" : "drops";
  const isOwn = last !== undefined && last.kind !== "virtual-server" && isOwnTableName(last.table);
  const beside = "an accept in another table does not save them";
  if (last?.kind === "rule")
    return {
      code: "service-traffic-blocked",
      ...spot(last),
      parameters: { what: describeHop(last), verb },
      hint: isOwn ? hint : `accept packets to and from pods before this rule, in the same table: ${beside}`,
    };
  const { table, chain } = last?.kind === "policy" ? last : { table: "", chain: "" };
  return {
    ...ofChain("service-traffic-blocked", { table, chain }, fault, context),
    parameters: { what: `policy drop of ${chain} (table ${table})`, verb },
    hint: isOwn
      ? hint
      : `accept what comes from and goes to pods (nft insert rule ${table} ${chain} ip saddr POD_RANGE accept, the same with daddr): ${beside}`,
  };
}

/** The chain of the Service that led nowhere: the last one that the packet was sent to. */
function lost(fault: Fault, hops: readonly RootedHop[], context: CauseContext): Cause {
  const chain = hops.map(calledService).findLast((name) => name !== undefined) ?? services;
  return {
    ...inOwnTable("service-traffic-lost", chain, fault, context),
    key: `lost ${chain} ${fault.destination.service ?? ""}`,
    parameters: { share: lostShare(fault), why: `at the end of ${chain}` },
  };
}

function calledService({ rule: { action }, element, table, chain }: RootedHop): string | undefined {
  if (!isOwnTableName(table)) return undefined;
  const called = element?.split(" : goto ")[1] ?? ("chain" in action ? action.chain : chain);
  return parseServicePortChainName(called) === undefined ? undefined : called;
}

const unanswered = "are not masqueraded, so replies do not come back";

function unmasqueraded(fault: Fault, hops: readonly RootedHop[], context: CauseContext): Cause {
  const family = fault.destination.family;
  const due = rooted(fault.intended?.hops ?? [], context.traffic.host);
  const isMark = ({ rule, table }: RootedHop): boolean =>
    rule.action.kind === "set-mark" && rule.action.of === "packet" && isOwnTableName(table);
  const marking = due.find((hop) => isMark(hop) && hop.root !== "nat-postrouting");
  const marked = hops.findIndex((hop) => isMark(hop) && hop.root !== "nat-postrouting");
  if (marking !== undefined && marked < 0) {
    if (marking.chain === services) return missedServices(fault, hops, context, unanswered);
    const { chain } = marking;
    return { ...inOwnTable("service-masquerade-missing", chain, fault, context), parameters: { chain }, hint };
  }
  if (fault.intended?.masqueraded !== true) {
    const chain = hops.findLast((hop) => calledService(hop) !== undefined)?.chain ?? services;
    return { ...inOwnTable("service-masquerade-missing", chain, fault, context), parameters: { chain }, hint };
  }
  const cleared = hops.find(({ rule, table }, at) => {
    const { action } = rule;
    return at > marked && marked >= 0 && action.kind === "set-mark" && !isOwnTableName(table);
  });
  if (cleared !== undefined)
    return {
      code: "service-mark-cleared",
      ...spot(cleared),
      parameters: { rule: describeHop(cleared), table: ownTableName(family) },
    };
  return notLed(fault, hops, context, { root: "nat-postrouting", to: masquerading, effect: unanswered });
}

type RefusalCode = "service-access-open" | "service-refusal-missing";

/** A rule of kube-proxy should have refused the packet: no rule leads to it, or something in the table comes first. */
function notRefused(fault: Fault, hops: readonly RootedHop[], context: CauseContext, code: RefusalCode): Cause {
  const due = rooted(fault.intended?.hops ?? [], context.traffic.host);
  const root = due.at(-1)?.root ?? "filter-forward";
  const called = due.find((hop) => hop.root === root && hop.chain !== root)?.chain ?? services;
  const foreign = foreignVerdict(hops, root);
  const led = isLed(context, fault, { root, to: called });
  const chain = led ? called : root;
  const why =
    foreign !== undefined
      ? `${describeHop(foreign)} accepts them first`
      : led
        ? `${called} has lost rules, or is called too late`
        : `${root} does not lead to ${called}`;
  return { ...inOwnTable(code, chain, fault, context), key: `${code} ${root} ${why}`, parameters: { why }, hint };
}
