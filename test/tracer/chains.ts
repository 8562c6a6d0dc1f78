import type { Chain, Rule, Table } from "../../src/tools/iptables/parsed.ts";
import { parseAddressPort } from "./addresses.ts";
import { matchShare } from "./matches.ts";
import type { Flow, World } from "./packet.ts";
import { ALL, minus, NOTHING, type Share, sameShare, times } from "./share.ts";

/** How a part of the packets left a chain; what `fell` out of it goes on where the chain was called. */
export interface Left {
  readonly flow: Flow;
  readonly how: "accepted" | "dropped" | "rejected" | "fell";
}

/** The kernel refuses loops when rules are loaded; text can hold them all the same. */
const DEEPEST = 32;

/** Sends a flow through a built-in chain of a table, whose end is the chain's policy. */
export function walkBuiltIn(tables: readonly Table[], place: string, { flow, world }: Question): readonly Left[] {
  const [tableName, chainName] = place.split(" ");
  const table = tables.find(({ name }) => name === tableName);
  const chain = table?.chains.find(({ name }) => name === chainName);
  if (table === undefined || chain === undefined) return [{ flow, how: "accepted" }];
  const atEnd = chain.policy === "DROP" ? "dropped" : "accepted";
  return walk({ table, world, depth: 0 }, chain, flow).map((left) =>
    left.how === "fell" ? { ...left, how: atEnd } : left,
  );
}

interface Question {
  readonly flow: Flow;
  readonly world: World;
}

interface Setting {
  readonly table: Table;
  readonly world: World;
  readonly depth: number;
}

function walk(setting: Setting, chain: Chain, flow: Flow): readonly Left[] {
  if (setting.depth > DEEPEST) throw new Error(`chains call each other in a loop, at ${chain.name}`);
  const left: Left[] = [];
  let waiting: readonly Flow[] = [flow];
  for (const rule of chain.rules) {
    const next: Flow[] = [];
    for (const each of waiting) {
      const { hit, missed } = split(rule, each, setting.world);
      if (missed !== undefined) next.push(missed);
      if (hit === undefined) continue;
      for (const result of take(setting, rule, hit)) {
        if ("how" in result) left.push(result);
        else next.push(result.goesOn);
      }
    }
    waiting = next;
  }
  return [...left, ...waiting.map((each): Left => ({ flow: each, how: "fell" }))];
}

function split(rule: Rule, flow: Flow, world: World): { readonly hit?: Flow; readonly missed?: Flow } {
  let part: Share = ALL;
  for (const match of rule.matches) {
    part = times(part, matchShare(match, flow, world));
    if (sameShare(part, NOTHING)) return { missed: flow };
  }
  if (sameShare(part, ALL)) return { hit: flow };
  return {
    hit: { ...flow, share: times(flow.share, part) },
    missed: { ...flow, share: times(flow.share, minus(ALL, part)) },
  };
}

type Taken = Left | { readonly goesOn: Flow };

function take(setting: Setting, rule: Rule, flow: Flow): readonly Taken[] {
  const { target } = rule;
  switch (target.kind) {
    case "none":
      return [{ goesOn: flow }];
    case "accept":
      return [{ flow, how: "accepted" }];
    case "drop":
      return [{ flow, how: "dropped" }];
    case "reject":
      return [{ flow, how: "rejected" }];
    case "return":
      return [{ flow, how: "fell" }];
    case "mark":
      // --set-xmark: clear the bits of the mask, then flip those of the value.
      return [{ goesOn: { ...flow, mark: ((flow.mark & ~target.mask) ^ target.value) >>> 0 } }];
    case "dnat":
      return [{ flow: translate(flow, target.destination), how: "accepted" }];
    case "masquerade":
      return [{ flow: { ...flow, masqueraded: true }, how: "accepted" }];
    case "jump":
      return call(setting, target.chain, flow);
    case "unknown":
      throw new Error(`line ${rule.line}: the tracer does not know the target ${target.words.join(" ")}`);
  }
}

function call(setting: Setting, name: string, flow: Flow): readonly Taken[] {
  const chain = setting.table.chains.find((each) => each.name === name);
  if (chain === undefined) throw new Error(`table ${setting.table.name} has no chain ${name}`);
  const left = walk({ ...setting, depth: setting.depth + 1 }, chain, flow);
  return left.map((each) => (each.how === "fell" ? { goesOn: each.flow } : each));
}

function translate(flow: Flow, destination: string): Flow {
  const to = parseAddressPort(destination);
  if (to === undefined) throw new Error(`not one address and port: DNAT to ${destination}`);
  return { ...flow, destination: to.address, port: to.port, translated: true };
}
