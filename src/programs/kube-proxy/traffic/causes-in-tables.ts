import { ruleAt } from "../../../datapath/chain-index.ts";
import type { PacketRule } from "../../../ir/datapath.ts";
import type { Cause, FaultPath, RootedHop, TrafficMode } from "../../traffic-mode.ts";
import { isOwnTableName, nftChains, ownTableName, parseServicePortChainName } from "../nftables/names.ts";
import { blocker, describeHop, diversion, lostShare, ofChain, spot, unanswered } from "./causes.ts";
import { ownChains } from "./restore-nftables.ts";

const { services, masquerading } = nftChains;

/** The causes of faults among tables of nftables. */
export const causesInTables: TrafficMode["causes"] = {
  untranslated: (path) => missedServices(path, "reach no endpoint"),
  diverted: (path) =>
    diversion(path, {
      to: `${services} (table ${ownTableName(path.fault.destination.family)})`,
      remedy: "give kube-proxy's chain the lower priority",
    }),
  blocked,
  lost,
  unmasqueraded,
  admitted: (path) => notRefused(path, "service-access-open"),
  unrefused: (path) => notRefused(path, "service-refusal-missing"),
  "client-hidden": (path) => ({
    ...inOwnTable("service-client-hidden", masquerading, path),
    parameters: { chain: masquerading },
  }),
};

function inOwnTable<C extends Cause["code"]>(code: C, chain: string, path: FaultPath): ReturnType<typeof ofChain<C>> {
  const { fault, placeOf } = path;
  return ofChain(code, { table: ownTableName(fault.destination.family), chain }, fault, placeOf);
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
function isLed({ traffic, fault }: FaultPath, { root, to }: Pick<Way, "root" | "to">): boolean {
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
function notLed(path: FaultPath, { root, to, effect }: Way): Cause {
  const { fault, hops } = path;
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
  if (!isLed(path, { root, to }))
    return {
      ...inOwnTable("service-jump-missing", root, path),
      parameters: { chain: root, table, to, effect },
      hint,
    };
  return {
    ...inOwnTable("service-chain-flushed", to, path),
    parameters: { chain: to, table, effect },
    hint,
  };
}

function missedServices(path: FaultPath, effect: string): Cause {
  const root = path.fault.source.entry === "node" ? "nat-output" : "nat-prerouting";
  return notLed(path, { root, to: services, effect });
}

function blocked(path: FaultPath): Cause {
  const beside = "an accept in another table does not save them";
  return blocker(path, {
    ofRule: ({ table }) =>
      isOwnTableName(table) ? hint : `accept packets to and from pods before this rule, in the same table: ${beside}`,
    ofPolicy: ({ table, chain }) => ({
      what: `policy drop of ${chain} (table ${table})`,
      hint: isOwnTableName(table)
        ? hint
        : `accept what comes from and goes to pods (nft insert rule ${table} ${chain} ip saddr POD_RANGE accept, the same with daddr): ${beside}`,
    }),
    otherwise: { table: "", chain: "" },
  });
}

/** The chain of the Service that led nowhere: the last one that the packet was sent to. */
function lost(path: FaultPath): Cause {
  const { fault, hops } = path;
  const chain = hops.map(calledService).findLast((name) => name !== undefined) ?? services;
  return {
    ...inOwnTable("service-traffic-lost", chain, path),
    key: `lost ${chain} ${fault.destination.service ?? ""}`,
    parameters: { share: lostShare(fault), why: `at the end of ${chain}` },
  };
}

function calledService({ rule: { action }, element, table, chain }: RootedHop): string | undefined {
  if (!isOwnTableName(table)) return undefined;
  const called = element?.split(" : goto ")[1] ?? ("chain" in action ? action.chain : chain);
  return parseServicePortChainName(called) === undefined ? undefined : called;
}

function unmasqueraded(path: FaultPath): Cause {
  const { fault, hops } = path;
  const family = fault.destination.family;
  const due = path.intendedHops;
  const isMark = ({ rule, table }: RootedHop): boolean =>
    rule.action.kind === "set-mark" && rule.action.of === "packet" && isOwnTableName(table);
  const marking = due.find((hop) => isMark(hop) && hop.root !== "nat-postrouting");
  const marked = hops.findIndex((hop) => isMark(hop) && hop.root !== "nat-postrouting");
  if (marking !== undefined && marked < 0) {
    if (marking.chain === services) return missedServices(path, unanswered);
    const { chain } = marking;
    return { ...inOwnTable("service-masquerade-missing", chain, path), parameters: { chain }, hint };
  }
  if (fault.intended?.masqueraded !== true) {
    const chain = hops.findLast((hop) => calledService(hop) !== undefined)?.chain ?? services;
    return { ...inOwnTable("service-masquerade-missing", chain, path), parameters: { chain }, hint };
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
  return notLed(path, { root: "nat-postrouting", to: masquerading, effect: unanswered });
}

type RefusalCode = "service-access-open" | "service-refusal-missing";

/** A rule of kube-proxy should have refused the packet: no rule leads to it, or something in the table comes first. */
function notRefused(path: FaultPath, code: RefusalCode): Cause {
  const due = path.intendedHops;
  const root = due.at(-1)?.root ?? "filter-forward";
  const called = due.find((hop) => hop.root === root && hop.chain !== root)?.chain ?? services;
  const foreign = foreignVerdict(path.hops, root);
  const led = isLed(path, { root, to: called });
  const chain = led ? called : root;
  const why =
    foreign !== undefined
      ? `${describeHop(foreign)} accepts them first`
      : led
        ? `${called} has lost rules, or is called too late`
        : `${root} does not lead to ${called}`;
  return { ...inOwnTable(code, chain, path), key: `${code} ${root} ${why}`, parameters: { why }, hint };
}
