import { evaluatePacket } from "../../datapath/evaluate-packet.ts";
import { type EvaluatedHost, withOwnAddress } from "../../datapath/host.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Hop, Outcome, Packet } from "../../datapath/packet.ts";
import type { PacketRule } from "../../ir/datapath.ts";
import { foldOutcomes } from "./fold-outcomes.ts";

/** Stand for the node's own addresses where these are unknown: reserved for documentation (RFC 5737, RFC 3849). */
export const standIns = { ipv4: "192.0.2.254", ipv6: "2001:db8::254" };

/** What is assumed where the node's addresses are unknown. */
export function unknownAddresses(from: string, to: string): string {
  const used = Object.values(standIns).find((address) => address === from || address === to);
  const instead = used === undefined ? "only loopback is assumed to be local" : `${used} is used as an example`;
  return `addresses of this node are unknown: ${instead} (pass --node-address)`;
}

export interface Evaluated {
  readonly outcomes: readonly Outcome[];
  /** A sentence about the destination, where its being the node's was assumed. */
  readonly assumption: string | undefined;
}

/**
 * Evaluates a packet on a host whose own addresses are unknown. A destination that only rules for the node's addresses
 * handle is taken for one of these. Where it makes another difference, both answers are given, each with its assumption.
 */
export function evaluateUnsure(host: EvaluatedHost, packet: Packet): Evaluated {
  const { destination } = packet;
  const other = foldOutcomes(evaluatePacket(host, packet));
  if (isLocal(destination, host)) return { outcomes: other, assumption: undefined };
  const own = foldOutcomes(evaluatePacket(withOwnAddress(host, destination), packet));
  const rule = own.map(decidedByOwn).find((each) => each !== undefined);
  if (rule !== undefined && !other.some(isTranslated)) {
    const assumption = `${destination} is assumed to be an address of this node: ${rule} handles such packets (pass --node-address)`;
    return { outcomes: own, assumption };
  }
  if (sameEnds(own, other)) return { outcomes: other, assumption: undefined };
  const what = `${destination} is an address of this node`;
  return {
    outcomes: foldOutcomes([
      ...own.map((outcome) => withAnswer(outcome, what, true)),
      ...other.map((outcome) => withAnswer(outcome, what, false)),
    ]),
    assumption: undefined,
  };
}

function withAnswer(outcome: Outcome, what: string, holds: boolean): Outcome {
  return { ...outcome, assumptions: [{ what, holds }, ...outcome.assumptions] };
}

function isTranslated({ verdict }: Outcome): boolean {
  return verdict.kind === "delivered";
}

/** The rule that handles the packet because its destination is an address of the node: `KUBE-NODEPORTS 1`. */
function decidedByOwn({ hops, verdict }: Outcome): string | undefined {
  if (verdict.kind === "untouched") return undefined;
  const first = hops.findIndex((hop) => hop.kind === "rule" && asksOwn(hop.rule));
  if (first < 0) return undefined;
  // Below the rule: the path through its table ends where the next hop is in another one.
  const below = hops.slice(first);
  const end = below.findIndex((hop) => tableOf(hop) !== tableOf(below[0]));
  const decisive = below.slice(0, end < 0 ? undefined : end).find(asksPort);
  return decisive?.kind === "rule" ? `rule ${decisive.number} of ${decisive.chain}` : undefined;
}

function tableOf(hop: Hop | undefined): string | undefined {
  return hop?.kind === "virtual-server" ? undefined : hop?.table;
}

function asksOwn({ predicates }: PacketRule): boolean {
  return predicates.some(({ kind, negated, ...more }) => {
    return kind === "local-address" && !negated && "side" in more && more.side === "destination";
  });
}

/** A rule of one port, or of a set of ports. */
function asksPort(hop: Hop): boolean {
  return (
    hop.kind === "rule" &&
    hop.rule.predicates.some(
      (each) =>
        each.kind === "lookup" || (each.kind === "port-in" && each.side === "destination" && each.ports?.length === 1),
    )
  );
}

function sameEnds(own: readonly Outcome[], other: readonly Outcome[]): boolean {
  const keys = (outcomes: readonly Outcome[]) =>
    outcomes.map((outcome) =>
      JSON.stringify({ ...outcome, sources: 0, share: String(outcome.share.numerator), hops: 0 }),
    );
  return keys(own).sort().join("\n") === keys(other).sort().join("\n");
}
