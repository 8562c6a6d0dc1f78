import type { Part } from "../datapath/classes.ts";
import { nothing, shareNumber, total } from "../datapath/share.ts";
import { isDelivered, severityOf, worldsOf } from "../diff/classify-change.ts";
import { type ComparedDestination, type ComparedNode, compareNode } from "../diff/compare-node.ts";
import { examplePacketOf, type NodePair } from "../diff/describe-change.ts";
import { compareDestination, type Difference, type EntryComparison } from "../diff/destinations/compare-destination.ts";
import type { Destination } from "../diff/destinations/referenced-destinations.ts";
import { findService } from "../diff/service-names.ts";
import type { ChangeSeverity, ExamplePacket } from "../diff/traffic-diff.ts";

/** What a difference means for the clients of a Service: more or fewer of their packets are delivered, or as many. */
export type Access = "lost" | "gained" | "same";

/** Packets of some sources to one destination on one node, which the two modes treat differently. */
export interface Evidence {
  readonly node: string;
  readonly destination: Destination;
  readonly difference: Difference;
  readonly entry: EntryComparison["entry"];
  readonly access: Access;
  readonly severity: ChangeSeverity;
  /** The service port: `shop/web:http`; undefined where the destination belongs to none. */
  readonly service: string | undefined;
  /** Named when it is shown. */
  readonly packet: () => ExamplePacket;
}

/** All packets of a node that the two sides treat differently, pings to Service addresses included. */
export function* evidenceOf(pair: NodePair): Iterable<Evidence> {
  const compared = compareNode(pair);
  for (const { destination, entries } of [...compared.comparisons, ...comparePings(compared)]) {
    for (const comparison of entries) {
      for (const difference of comparison.differences)
        yield makeEvidence(destination, { comparison, difference, pair });
    }
  }
}

/** A ping belongs to no port, so to no destination that rules name; every address with unused ports is asked for one. */
function* comparePings({ base, head, destinations }: ComparedNode): Iterable<ComparedDestination> {
  for (const destination of destinations) {
    if (destination.kind !== "other-ports" || destination.protocol !== "tcp") continue;
    const ping: Destination = { ...destination, protocol: "icmp", port: 0 };
    yield { destination: ping, entries: compareDestination(base, head, ping) };
  }
}

interface Found {
  readonly comparison: EntryComparison;
  readonly difference: Difference;
  readonly pair: NodePair;
}

function makeEvidence(destination: Destination, { comparison, difference, pair }: Found): Evidence {
  return {
    node: pair.head.name,
    destination,
    difference,
    entry: comparison.entry,
    access: accessOf(difference),
    severity: severityOf(difference),
    service: findService(destination, pair, difference).name,
    packet: () => examplePacketOf(destination, comparison, difference, [pair.base, pair.head]),
  };
}

/** The worst over all answers to the assumptions. */
function accessOf({ was, now }: Difference): Access {
  const found = worldsOf(was, now).map((world) => {
    const more = served(world.now) - served(world.was);
    return Math.abs(more) < 1e-6 ? "same" : more > 0 ? "gained" : "lost";
  });
  return (["lost", "gained"] as const).find((access) => found.includes(access)) ?? "same";
}

function served(parts: readonly Part[]): number {
  const shares = parts.filter(isDelivered).map(({ share }) => share);
  return shareNumber(shares.length === 0 ? nothing : total(shares));
}
