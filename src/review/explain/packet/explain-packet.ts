import { printTarget } from "../../../evaluate/addresses.ts";
import { evaluatePacket } from "../../../evaluate/evaluate-packet.ts";
import type { EvaluatedHost } from "../../../evaluate/host.ts";
import type { Outcome } from "../../../evaluate/packet.ts";
import { printFraction, shareNumber } from "../../../evaluate/share.ts";
import { type CauseOf, createHopExplainer } from "./explain-hop.ts";
import { foldOutcomes } from "./fold-outcomes.ts";
import { limitsOf } from "./limits.ts";
import type { ExplainedHop, ExplainedOutcome, ExplainedPacket, PacketExplanation } from "./packet-explanation.ts";
import type { ResolvedPacket } from "./resolve-packet.ts";

export interface ExplainedHost {
  readonly node: string;
  readonly mode: PacketExplanation["mode"];
  readonly host: EvaluatedHost;
  readonly causeOf: CauseOf;
  /** What the state knows of an endpoint, by `10.244.3.4:8080`. */
  readonly endpointAt: (target: string) => NamedEndpoint | undefined;
  readonly assumptions: readonly string[];
}

export interface NamedEndpoint {
  /** `shop/web-1` */
  readonly pod: string | undefined;
  readonly node: string | undefined;
}

/** Sends a packet through a host, and says where it goes, by which rules, and what these are there for. */
export function explainPacket(explained: ExplainedHost, resolved: ResolvedPacket): PacketExplanation {
  const explainHop = createHopExplainer(explained.causeOf);
  const outcomes = foldOutcomes(evaluatePacket(explained.host, resolved.packet)).map((outcome) =>
    explainOutcome(outcome, outcome.hops.map(explainHop), resolved, explained),
  );
  const { node, mode, assumptions } = explained;
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "PacketExplanation",
    node,
    mode,
    packet: describePacket(resolved),
    outcomes,
    assumptions,
    limits: limitsOf(outcomes, explained),
  };
}

function describePacket({ from, fromName, to, packet }: ResolvedPacket): ExplainedPacket {
  const { entry, inInterface, state = "NEW", mark, remembered } = packet;
  return {
    from,
    to: printTarget(to),
    protocol: to.protocol,
    entry,
    ...(inInterface === undefined ? {} : { interface: inInterface }),
    state: state.toLowerCase() as ExplainedPacket["state"],
    ...(mark === undefined || mark === 0 ? {} : { mark }),
    ...(fromName === undefined ? {} : { fromName }),
    ...(to.service === undefined ? {} : { service: to.service }),
    ...(remembered?.target === undefined ? {} : { remembered: remembered.target }),
  };
}

function explainOutcome(
  outcome: Outcome,
  hops: readonly ExplainedHop[],
  { from }: ResolvedPacket,
  { endpointAt }: ExplainedHost,
): ExplainedOutcome {
  const { share, verdict, masqueraded, affinity, scheduling, assumptions } = outcome;
  const destination = verdict.kind === "delivered" ? printTarget(verdict.target) : undefined;
  const { pod, node } = (destination === undefined ? undefined : endpointAt(destination)) ?? {};
  return {
    share: shareNumber(share),
    exact: printFraction(share),
    verdict: verdict.kind,
    ...(destination === undefined ? {} : { destination }),
    ...(pod === undefined ? {} : { pod }),
    ...(node === undefined ? {} : { podNode: node }),
    ...(verdict.kind === "rejected" ? { rejectedWith: verdict.with ?? "icmp-port-unreachable" } : {}),
    masquerade: masqueraded,
    hairpin: verdict.kind === "delivered" && verdict.target.address === from,
    ...(affinity === undefined ? {} : { affinitySeconds: affinity }),
    ...(scheduling === undefined ? {} : { scheduling }),
    assuming: assumptions,
    hops,
  };
}
