import type { EvaluatedHost } from "../datapath/host.ts";
import { readEvaluatedHost } from "../languages/evaluated-host.ts";
import { pairTables } from "./changed-chains.ts";
import type { NodePair } from "./describe-change.ts";
import { compareDestination, type EntryComparison } from "./destinations/compare-destination.ts";
import { enumerateDestinations } from "./destinations/enumerate-destinations.ts";
import { createEquivalencePrefilter, type RulePairs } from "./destinations/equivalence-prefilter.ts";
import type { Destination } from "./destinations/referenced-destinations.ts";
import type { SideNode } from "./side.ts";

/** One node on both sides: what its rules are, and what they do with packets. */
export interface ComparedNode {
  readonly base: EvaluatedHost;
  readonly head: EvaluatedHost;
  readonly pairs: RulePairs;
  /** All that were compared, or that need no comparison. */
  readonly destinations: readonly Destination[];
  /** For those that the rules of both sides may treat differently. */
  readonly comparisons: Iterable<ComparedDestination>;
}

export interface ComparedDestination {
  readonly destination: Destination;
  readonly entries: readonly EntryComparison[];
}

/** Reads and compares both sides of a node; destinations are compared as they are iterated. */
export function compareNode({ base, head }: NodePair): ComparedNode {
  const [before, after] = [readSide(base, head), readSide(head, base)];
  const pairs: RulePairs = {
    ipv4: pairTables(before.families.ipv4, after.families.ipv4),
    ipv6: pairTables(before.families.ipv6, after.families.ipv6),
  };
  const isEquivalent = createEquivalencePrefilter(pairs, before, after);
  const destinations = enumerateDestinations([before, after]);
  function* compareAll(): Iterable<ComparedDestination> {
    for (const destination of destinations) {
      if (!isEquivalent(destination)) yield { destination, entries: compareDestination(before, after, destination) };
    }
  }
  return { base: before, head: after, pairs, destinations, comparisons: compareAll() };
}

/** Used as the node's own addresses where these are unknown. */
export const placeholderAddresses: readonly string[] = ["192.0.0.8", "100::8"];

function readSide({ texts, world }: SideNode, other: SideNode): EvaluatedHost {
  const nodeAddresses = world.nodeAddresses.length > 0 ? world.nodeAddresses : placeholderAddresses;
  const routeLocalnet = world.routeLocalnet ?? other.world.routeLocalnet;
  return readEvaluatedHost(texts, { ...world, nodeAddresses, routeLocalnet });
}
