import type { Family } from "../model/address.ts";
import { chains } from "../modes/iptables/chains.ts";
import type { Backend } from "./host-state.ts";
import { isServicePortChain } from "./owned-names.ts";
import type { ChainChange } from "./rule-changes.ts";
import { cutBlindly, cutIntoFragments, mostChainsAtOnce } from "./sections.ts";
import { feed, type PhasedSteps } from "./step.ts";
import { addMissing, makeAsWanted, removeExtra, transaction } from "./transaction.ts";

type Lines = readonly string[];

/**
 * The steps that make one family's changes. Filter rules come before the nat rules that need them and go after
 * those: what nat no longer sends on must meet its reject or drop, and what it still sends on never does.
 */
export function planRules(changes: readonly ChainChange[], family: Family, backend: Backend): PhasedSteps {
  const tool = family === "ipv4" ? "iptables" : "ip6tables";
  const version = family === "ipv4" ? "IPv4" : "IPv6";
  const step = (purpose: string, lines: Lines) =>
    feed(`${purpose} (${version})`, [`${tool}-restore`, "--noflush", "--wait", "5"], lines);
  const filter = changes.filter(({ table }) => table === "filter");
  const nat = planNat(
    changes.filter(({ table }) => table === "nat"),
    backend,
  );
  const others = [...new Set(changes.map(({ table }) => table))].filter((table) => !["filter", "nat"].includes(table));
  const inOthers = others.flatMap((name) =>
    transaction(
      name,
      changes.filter(({ table }) => table === name),
      makeAsWanted,
    ),
  );
  return {
    make: [
      ...step("add to the filter table", transaction("filter", filter, addMissing)),
      ...step("make chains that nothing leads to yet", nat.make),
    ],
    switchOver: step(nat.make.length > 0 ? "lead traffic into them" : "change the nat table at once", nat.switchOver),
    remove: [
      ...step("take what is left from the filter table", transaction("filter", filter, removeExtra)),
      ...step("take away chains that nothing leads to any more", nat.remove),
      ...step("take away what is left in other tables", inOthers),
    ],
  };
}

interface NatLines {
  readonly make: Lines;
  readonly switchOver: Lines;
  readonly remove: Lines;
}

/** One transaction, unless iptables-nft would take minutes for it: its time grows with the square of the chains. */
function planNat(changes: readonly ChainChange[], backend: Backend): NatLines {
  const nat = (some: readonly ChainChange[]): Lines => transaction("nat", some, makeAsWanted);
  if (backend === "legacy" || changes.length <= mostChainsAtOnce) {
    return { make: [], switchOver: nat(changes), remove: [] };
  }
  const of = (wanted: ReturnType<typeof roleOf>): readonly ChainChange[] =>
    changes.filter((change) => roleOf(change) === wanted);
  return {
    make: [...nat(of("base")), ...cutIntoFragments(of("own")).flatMap(nat)],
    switchOver: nat(of("shared")),
    remove: cutBlindly(topDown(of("stale"))).flatMap(nat),
  };
}

/** When a change is made: what own chains lead to, own chains, what leads into those, what nothing leads to then. */
function roleOf({ chain, kind, isBuiltIn }: ChainChange): "base" | "own" | "shared" | "stale" {
  if (kind === "remove") return isBuiltIn ? "shared" : "stale";
  if (isServicePortChain(chain)) return "own";
  const isBase = chain === chains.markMasquerade || chain === chains.postrouting || chain === "POSTROUTING";
  return isBase ? "base" : "shared";
}

const leading = ["KUBE-FW-", "KUBE-EXT-", "KUBE-XLB-", "KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-"];

/** A chain can be deleted once nothing leads to it: those that lead come before those that are led to. */
function topDown(changes: readonly ChainChange[]): readonly ChainChange[] {
  const rank = ({ chain }: ChainChange): number => {
    if (chain === chains.services) return -2;
    if (chain === chains.markMasquerade) return leading.length;
    return leading.findIndex((prefix) => chain.startsWith(prefix));
  };
  return [...changes].sort((a, b) => rank(a) - rank(b));
}
