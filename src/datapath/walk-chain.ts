import type { Rule } from "../languages/iptables/rule.ts";
import { isIpv6, parseTarget } from "./addresses.ts";
import { fileOf, type LoadedChain, ruleAt, rulesFor } from "./chain-index.ts";
import { addHop, type Flow, type Left, mergeFlows } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { markConnection } from "./match-unknown.ts";
import type { Hop } from "./packet.ts";
import { guess, guessed, splitFlow } from "./split-flow.ts";

/** Chains that call each other deeper than this are not followed: what the last does is then a question of its own. */
const deepest = 256;

/** The same for more ways through one chain than this, */
const mostWays = 4096;

/** or more rules on all ways through a built-in chain. */
const mostRules = 1_000_000;

export interface Setting {
  readonly table: string;
  readonly chains: ReadonlyMap<string, LoadedChain>;
  readonly host: EvaluatedHost;
  /** The chains that lead here, the last one first. */
  readonly path: Path | undefined;
  /** Rules that may still be asked. */
  readonly budget: { left: number };
}

interface Path {
  readonly name: string;
  readonly depth: number;
  readonly before: Path | undefined;
}

/** Sends a flow through a built-in chain of a table, whose end is the chain's policy. */
export function walkBuiltIn(table: string, name: string, flow: Flow, host: EvaluatedHost): readonly Left[] {
  const chains = host.families[flow.sources.bits === 32 ? "ipv4" : "ipv6"].tables.get(table);
  const chain = chains?.get(name);
  if (chains === undefined || chain === undefined) return [{ flow, how: "accepted" }];
  const setting: Setting = { table, chains, host, path: undefined, budget: { left: mostRules } };
  return walkChain(setting, chain, { ...flow, hook: name }).map((left) => {
    if (left.how !== "fell") return left;
    if (chain.policy !== "DROP") return { ...left, how: "accepted" };
    const hop: Hop = { kind: "policy", table, chain: name, policy: chain.policy };
    return { flow: addHop(left.flow, hop), how: "dropped" };
  });
}

function walkChain(outer: Setting, chain: LoadedChain, flow: Flow): readonly Left[] {
  const { name } = chain;
  // The kernel refuses loops when rules are loaded; text can hold them all the same.
  if (leadsHere(outer.path, name)) return guessed(`the loop at chain ${name}`, flow);
  const depth = (outer.path?.depth ?? 0) + 1;
  if (depth > deepest) return guessed(`chain ${name}, ${depth} deep,`, flow);
  const setting = { ...outer, path: { name, depth, before: outer.path } };
  const left: Left[] = [];
  let waiting: readonly Flow[] = [flow];
  for (const at of rulesFor(chain, flow.destination, flow.port)) {
    if (waiting.length === 0) break;
    const rule = ruleAt(chain, at);
    const next: Flow[] = [];
    for (const each of waiting) walkRule(setting, { chain, at, rule }, each, next, left);
    setting.budget.left -= waiting.length;
    // Where the rule did nothing there is nothing new to merge.
    const isSame = next.length === waiting.length && next.every((each, place) => each === waiting[place]);
    waiting = isSame || next.length < 2 ? next : mergeFlows(next);
    if (waiting.length + left.length > mostWays || setting.budget.left < 0)
      return guessed(`chain ${name}, with too many ways through it,`, flow);
  }
  for (const each of waiting) left.push({ flow: each, how: "fell" });
  return left;
}

function leadsHere(path: Path | undefined, name: string): boolean {
  for (let each = path; each !== undefined; each = each.before) if (each.name === name) return true;
  return false;
}

interface PlacedRule {
  readonly chain: LoadedChain;
  readonly at: number;
  readonly rule: Rule;
}

function walkRule(setting: Setting, placed: PlacedRule, flow: Flow, next: Flow[], left: Left[]): void {
  const { rule } = placed;
  if (isIdle(rule)) {
    next.push(flow);
    return;
  }
  const { hit, missed, chance } = splitFlow(rule, flow, setting.host);
  for (const each of missed) next.push(each);
  if (hit === undefined) return;
  const { chain, at } = placed;
  const { table } = setting;
  const hop: Hop = { kind: "rule", table, chain: chain.name, number: at + 1, rule, file: fileOf(chain, at), chance };
  take(setting, rule, addHop(hit, hop), next, left);
}

/** Extensions that look at a packet, count it or change what no rule here asks for; it goes on. */
const passive = new Set(
  "LOG NFLOG ULOG TRACE AUDIT CHECKSUM CLASSIFY CONNSECMARK DSCP ECN HL IDLETIMER LED RATEEST SECMARK SET TCPMSS TCPOPTSTRIP TEE TOS TTL".split(
    " ",
  ),
);

/** Whatever it matches, nothing comes of it. */
function isIdle({ target, matches }: Rule): boolean {
  const isPassive = target.kind === "unknown" && target.words[0] === "-j" && passive.has(target.words[1] ?? "");
  return (target.kind === "none" || isPassive) && !matches.some((match) => match.kind === "recent");
}

function take(setting: Setting, rule: Rule, flow: Flow, next: Flow[], left: Left[]): void {
  const { target } = rule;
  switch (target.kind) {
    case "none":
      next.push(flow);
      return;
    case "accept":
      left.push({ flow, how: "accepted" });
      return;
    case "drop":
      left.push({ flow, how: "dropped" });
      return;
    case "reject":
      left.push({ flow, how: "rejected", rejectedWith: target.with });
      return;
    case "return":
      left.push({ flow, how: "fell" });
      return;
    case "mark":
      // --set-xmark: clear the bits of the mask, then flip those of the value.
      next.push({ ...flow, mark: ((flow.mark & ~target.mask) ^ target.value) >>> 0 });
      return;
    case "dnat":
      translate(target.destination, flow, next, left);
      return;
    case "masquerade":
      left.push({ flow: { ...flow, masqueraded: true }, how: "accepted" });
      return;
    case "jump":
      if (passive.has(target.chain) && !setting.chains.has(target.chain)) next.push(flow);
      else call(setting, target.chain, flow, next, left);
      return;
    case "unknown":
      takeUnknown(setting, target.words, flow, next, left);
  }
}

/** Runs another chain; what falls out of it goes on behind the rule that called. */
function call(setting: Setting, name: string, flow: Flow, next: Flow[], left: Left[]): void {
  const chain = setting.chains.get(name);
  if (chain === undefined) {
    guess(`-j ${name}`, flow, next, left);
    return;
  }
  for (const result of walkChain(setting, chain, flow)) {
    if (result.how === "fell") next.push(result.flow);
    else left.push(result);
  }
}

function translate(to: string, flow: Flow, next: Flow[], left: Left[]): void {
  const whole = parseTarget(to) ?? parseTarget(`${isIpv6(to) ? `[${to}]` : to}:${flow.port}`);
  if (whole === undefined) {
    guess(`-j DNAT --to-destination ${to}`, flow, next, left);
    return;
  }
  const { address: destination, port } = whole;
  left.push({ flow: { ...flow, destination, port, translated: true }, how: "accepted" });
}

/** Targets that kube-proxy never writes. */
function takeUnknown(setting: Setting, words: readonly string[], flow: Flow, next: Flow[], left: Left[]): void {
  const [option, name = "", first = "", second = ""] = words;
  if (option === "-g") {
    const returned: Flow[] = [];
    call(setting, name, flow, returned, left);
    for (const each of returned) left.push({ flow: each, how: "fell" });
  } else if (passive.has(name)) next.push(flow);
  else if (name === "SNAT" || name === "MASQUERADE")
    left.push({ flow: { ...flow, masqueraded: true }, how: "accepted" });
  else if (name === "CT") next.push(first === "--notrack" ? untrack(flow) : flow);
  else if (name === "NOTRACK") next.push(untrack(flow));
  else if (name === "CONNMARK") {
    const marked = markConnection(words.slice(2), flow);
    if (marked === undefined) guess(words.join(" "), flow, next, left);
    else next.push(marked);
  } else if (name === "MARK" && first === "--set-xmark" && /^0x[0-9a-f]+$/i.test(second)) {
    next.push({ ...flow, mark: Number(second) >>> 0 });
  } else guess(words.join(" "), flow, next, left);
}

/** What comes back over lo is tracked already. */
function untrack(flow: Flow): Flow {
  const isBack = flow.packet.entry === "node" && flow.hook === "PREROUTING";
  return isBack ? flow : { ...flow, state: "UNTRACKED" };
}
