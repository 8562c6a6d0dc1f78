import { canonicalAddress, parseTarget, printTarget } from "../../datapath/addresses.ts";
import { type LoadedChain, ruleAt } from "../../datapath/chain-index.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Remembered } from "../../datapath/packet.ts";
import type { PacketRule } from "../../ir/datapath.ts";

/**
 * What the node remembers of a client that was sent to `target` before: the lists of `-m recent` that rules enter it in,
 * and the real server IPVS keeps it at. Undefined where nothing here keeps a client there.
 */
export function findRemembered(host: EvaluatedHost, target: string): Remembered | undefined {
  const lists = new Set<string>();
  for (const { tables } of Object.values(host.families)) {
    for (const chain of tables.get("nat")?.values() ?? []) {
      for (const list of listsOf(chain, target)) lists.add(list);
    }
  }
  const isKept = [...host.servers.values()].some(
    ({ persistence, realServers }) =>
      persistence !== undefined && realServers.some(({ address }) => canonical(address) === target),
  );
  return lists.size > 0 || isKept ? { lists, target } : undefined;
}

/** Only chains that name the target are parsed. */
function listsOf(chain: LoadedChain, target: string): readonly string[] {
  const sent = `--to-destination ${target}`;
  if (!chain.lines.some((line) => line.includes(sent))) return [];
  const rules = chain.lines.map((_, at) => ruleAt(chain, at));
  return rules.filter((rule) => isSentTo(rule, target)).flatMap(entersIn);
}

function isSentTo({ action }: PacketRule, target: string): boolean {
  if (action.kind !== "dnat" || action.to.kind !== "address" || action.ports === undefined) return false;
  return printTarget({ address: canonicalAddress(action.to.address), port: action.ports.from }) === target;
}

function entersIn({ predicates }: PacketRule): readonly string[] {
  return predicates.flatMap((each) => (each.kind === "recent" && each.action === "set" ? [each.list] : []));
}

function canonical(address: string): string {
  const target = parseTarget(address);
  return target === undefined ? address : printTarget(target);
}
