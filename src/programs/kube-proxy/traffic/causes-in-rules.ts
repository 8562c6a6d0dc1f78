import { toolNames } from "../../../ir/artifact.ts";
import type { PacketRule } from "../../../ir/datapath.ts";
import type { Jump } from "../../program.ts";
import type { Cause, FaultPath, RootedHop, ServiceDestination, TrafficMode } from "../../traffic-mode.ts";
import { iptablesChains } from "../chain-names.ts";
import { blocker, describeHop, diversion, endsNat, lostShare, ofChain, spot, unanswered } from "./causes.ts";
import { isKubeProxyChain, lastWord } from "./own-rules.ts";

const { services, postrouting, markMasquerade } = iptablesChains;

/** How a mode that writes rules of iptables sends packets to its Services. */
export interface Dispatch {
  readonly jumps: readonly Jump[];
  /** The chain that sends packets for a destination on. */
  readonly chainFor: (destination: ServiceDestination) => string;
  /** Whether the mode itself writes such a rule with a verdict into its chains of table nat. */
  readonly mayWrite: (rule: PacketRule) => boolean;
  /** What balances where no chains of Services do, and is missing when packets are lost: `virtual server`. */
  readonly balancer: string | undefined;
}

/** The causes of faults among rules of iptables. */
export function causesInRules(dispatch: Dispatch): TrafficMode["causes"] {
  return {
    untranslated: (path) => missedServices(path, dispatch, "reach no endpoint"),
    diverted: (path) => diversion(path, { to: services, remedy: `move the jump to ${services} before it` }),
    blocked,
    lost: (path) => lost(path, dispatch),
    unmasqueraded: (path) => unmasqueraded(path, dispatch),
    admitted: (path) => notRefused(path, "service-access-open"),
    unrefused: (path) => notRefused(path, "service-refusal-missing"),
    "client-hidden": (path) => ({
      ...inNat("service-client-hidden", postrouting, path),
      parameters: { chain: postrouting },
    }),
  };
}

function inNat<C extends Cause["code"]>(code: C, chain: string, path: FaultPath): ReturnType<typeof ofChain<C>> {
  return ofChain(code, { table: "nat", chain }, path.fault, path.placeOf);
}

function leadsTo(hops: readonly RootedHop[], table: string, root: string, chain: string): boolean {
  return hops.some(
    (hop) => hop.table === table && hop.root === root && "chain" in hop.rule.action && hop.rule.action.chain === chain,
  );
}

/** The path does not lead through kube-proxy's rules as it should. */
function missedServices(path: FaultPath, dispatch: Dispatch, effect: string): Cause {
  const { fault, hops } = path;
  const root = fault.source.entry === "node" ? "OUTPUT" : "PREROUTING";
  if (!leadsTo(hops, "nat", root, services)) return notLed(path, dispatch, { root, to: services, effect });
  const foreign = hops.findLast(
    ({ table, root: from, chain, rule }) =>
      table === "nat" && from === root && rule.action.kind === "verdict" && isKubeProxyChain(chain),
  );
  if (foreign !== undefined && !dispatch.mayWrite(foreign.rule))
    return {
      code: "service-rules-bypassed",
      ...spot(foreign),
      parameters: { rule: describeHop(foreign), to: "the rules of the Service", effect },
      hint: "delete the rule, which is not kube-proxy's",
    };
  return flushed(path, dispatch.chainFor(fault.destination), effect);
}

interface Way {
  readonly root: string;
  readonly to: string;
  readonly effect: string;
}

/** A foreign rule ends the table before our chain, or no rule leads there. */
function notLed(path: FaultPath, { jumps }: Dispatch, { root, to, effect }: Way): Cause {
  const { fault, hops } = path;
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
  const command = jumpCommand(jumps, root, to);
  const tool = toolNames[fault.destination.family];
  const repair = command === undefined ? "" : `: ${tool} ${command}`;
  return {
    ...inNat("service-jump-missing", root, path),
    parameters: { chain: root, table: "nat", to, effect },
    hint: `restart kube-proxy or run portolan apply, or insert the jump${repair}`,
  };
}

/** A jump of table nat as `iptables -I` takes it. */
function jumpCommand(jumps: readonly Jump[], chain: string, to: string): string | undefined {
  const found = jumps.find((jump) => jump.table === "nat" && jump.chain === chain && lastWord(jump.rule) === to);
  return found && `-t nat -I ${chain}${found.rule}`;
}

function flushed(path: FaultPath, chain: string, effect: string): Cause {
  return { ...inNat("service-chain-flushed", chain, path), parameters: { chain, table: "nat", effect } };
}

function blocked(path: FaultPath): Cause {
  const tool = toolNames[path.fault.destination.family];
  return blocker(path, {
    ofRule: () => "accept packets to and from pods before this rule",
    ofPolicy: ({ table, chain }) => ({
      what: `policy DROP of ${chain} (table ${table})`,
      hint:
        chain === "FORWARD"
          ? `accept what comes from and goes to pods (${tool} -I FORWARD -s POD_RANGE -j ACCEPT, the same with -d), or set the policy: ${tool} -P FORWARD ACCEPT`
          : `accept these packets in ${chain}, or set the policy: ${tool} -P ${chain} ACCEPT`,
    }),
    otherwise: { table: "filter", chain: "FORWARD" },
  });
}

/** The chain of the Service that led nowhere: the last one that the packet was sent to. */
function lost(path: FaultPath, { balancer }: Dispatch): Cause {
  const { fault, hops } = path;
  const last = hops.findLast(
    ({ table, rule: { action } }) =>
      table === "nat" && "chain" in action && action.chain.startsWith("KUBE-S") && action.chain !== services,
  );
  const chain = last !== undefined && "chain" in last.rule.action ? last.rule.action.chain : services;
  const what = balancer === undefined ? chain : `no ${balancer}`;
  return {
    ...inNat("service-traffic-lost", chain, path),
    key: `lost ${what} ${fault.destination.service ?? ""}`,
    parameters: {
      share: lostShare(fault),
      why: balancer === undefined ? `at the end of ${chain}` : `since there is no ${balancer} for it`,
    },
  };
}

function unmasqueraded(path: FaultPath, dispatch: Dispatch): Cause {
  const { fault, hops } = path;
  if (fault.intended?.masqueraded !== true) {
    const own = hops.findLast(({ chain }) => chain.startsWith("KUBE-SEP-") || chain.startsWith("KUBE-EXT-"));
    const chain = own?.chain ?? services;
    return { ...inNat("service-masquerade-missing", chain, path), parameters: { chain } };
  }
  const isMarkDue = path.intendedHops.some(({ chain }) => chain === markMasquerade);
  if (isMarkDue && !hops.some(({ chain, rule }) => chain === markMasquerade && rule.action.kind === "set-mark")) {
    const isSent = hops.some(({ rule }) => "chain" in rule.action && rule.action.chain === markMasquerade);
    return isSent ? flushed(path, markMasquerade, unanswered) : missedServices(path, dispatch, unanswered);
  }
  if (leadsTo(hops, "nat", "POSTROUTING", postrouting)) return flushed(path, postrouting, unanswered);
  return notLed(path, dispatch, { root: "POSTROUTING", to: postrouting, effect: unanswered });
}

type RefusalCode = "service-access-open" | "service-refusal-missing";

/** A rule of kube-proxy should have refused the packet: no rule leads to it, or a foreign one accepts first. */
function notRefused(path: FaultPath, code: RefusalCode): Cause {
  const { fault, hops, placeOf } = path;
  const due = path.intendedHops.at(-1);
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
    accepting === undefined ? ofChain(code, { table, chain: root }, fault, placeOf) : { code, ...spot(accepting) };
  return { ...where, key: `${code} ${table} ${root} ${chain}`, parameters: { why } };
}
