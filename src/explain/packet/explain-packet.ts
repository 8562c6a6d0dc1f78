import { isEmpty, isIpv6, printTarget, type Target } from "../../datapath/address-set.ts";
import { evaluatePacket } from "../../datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Outcome } from "../../datapath/packet.ts";
import { printFraction, shareNumber } from "../../datapath/share.ts";
import { familyNames } from "../../model/address.ts";
import { type CauseOf, explainHop } from "./explain-hop.ts";
import { foldOutcomes } from "./fold-outcomes.ts";
import type { ExplainedOutcome, ExplainedPacket, PacketExplanation } from "./packet-explanation.ts";
import type { ResolvedPacket } from "./resolve-packet.ts";

export interface ExplainedHost {
  readonly node: string;
  readonly mode: PacketExplanation["mode"];
  readonly host: EvaluatedHost;
  /** Finds the origins of the rules that match packets to a target. */
  readonly causesTo: (target: Target) => CauseOf;
  /** Pod and node of an endpoint, by `10.244.3.4:8080`. */
  readonly endpointAt: (target: string) => NamedEndpoint | undefined;
  readonly assumptions: readonly string[];
}

export interface NamedEndpoint {
  /** `shop/web-1` */
  readonly pod: string | undefined;
  readonly node: string | undefined;
}

/** Traces a packet through a host, and lists its outcomes, the rules, and their origins. */
export function explainPacket(explained: ExplainedHost, resolved: ResolvedPacket): PacketExplanation {
  const known = { endpointAt: explained.endpointAt, causeOf: remembering(explained.causesTo(resolved.to)) };
  const outcomes = foldOutcomes(evaluatePacket(explained.host, resolved.packet)).map((outcome) =>
    explainOutcome(outcome, resolved, known),
  );
  const { node, mode, assumptions } = explained;
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "PacketExplanation",
    node,
    mode,
    packet: describePacket(resolved),
    outcomes,
    assumptions: [...assumptions, ...missingTables(explained.host, resolved), ...unknownPods(explained.host, resolved)],
    limits: limitsOf(outcomes, explained),
  };
}

/** A missing table is an empty one. */
function missingTables({ families }: EvaluatedHost, { to }: ResolvedPacket): readonly string[] {
  const family = isIpv6(to.address) ? "ipv6" : "ipv4";
  const { tables } = families[family];
  if (tables.size === 0)
    return [`there are no rules of ${familyNames[family]} here: packets of this family match none`];
  const missing = ["nat", "filter"].filter((table) => !tables.has(table));
  return missing.map((table) => `there is no table ${table} of ${familyNames[family]} here: it is assumed to be empty`);
}

function unknownPods({ pods }: EvaluatedHost, { from, fromName, packet }: ResolvedPacket): readonly string[] {
  const isTold = fromName !== undefined || !isEmpty(pods[isIpv6(from) ? "ipv6" : "ipv4"]);
  if (packet.entry !== "outside" || isTold || !isPrivate(from)) return [];
  return [`the pod CIDR of this node is unknown: ${from} is assumed to be outside the node (or pass --entry pod)`];
}

/** Ranges that pods may use (RFC 1918, RFC 6598, RFC 4193). */
function isPrivate(address: string): boolean {
  return /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/.test(
    address,
  );
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

/** Looks up each line once, however many paths contain it. */
function remembering(causeOf: CauseOf): CauseOf {
  const causes = new Map<string, ReturnType<CauseOf>>();
  return (line) => {
    const key = `${line.file}:${line.line}`;
    if (!causes.has(key)) causes.set(key, causeOf(line));
    return causes.get(key);
  };
}

interface Known extends Pick<ExplainedHost, "endpointAt"> {
  readonly causeOf: CauseOf;
}

function explainOutcome(outcome: Outcome, { from }: ResolvedPacket, { endpointAt, causeOf }: Known): ExplainedOutcome {
  const { share, verdict, masqueraded, newSource, affinity, scheduling, assumptions } = outcome;
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
    ...(newSource === undefined ? {} : { newSource }),
    hairpin: verdict.kind === "delivered" && verdict.target.address === from,
    ...(affinity === undefined ? {} : { affinitySeconds: affinity }),
    ...(scheduling === undefined ? {} : { scheduling }),
    assuming: assumptions,
    hops: outcome.hops.map((hop) => explainHop(hop, destination, causeOf)),
  };
}

/** Limits of the model for packets with this outcome. */
export function limitsOf(
  outcomes: readonly ExplainedOutcome[],
  { node }: Pick<ExplainedHost, "node">,
): readonly string[] {
  const limits: string[] = [];
  if (outcomes.some(({ verdict }) => verdict === "delivered")) {
    limits.push(`the path from ${node} to the endpoint: routes, NetworkPolicy, rules of other nodes`);
  }
  if (outcomes.some(({ verdict }) => verdict === "unknown")) {
    limits.push("what the last rule of an unknown end does: its text does not tell");
  }
  if (outcomes.some(({ verdict }) => verdict === "untouched")) {
    limits.push("where a packet goes that no rule handles: routes, NetworkPolicy, listening sockets");
  }
  return limits;
}
