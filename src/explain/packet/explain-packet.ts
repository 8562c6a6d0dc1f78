import { isEmpty, isIpv6, printTarget, type Target } from "../../datapath/address-set.ts";
import { evaluatePacket } from "../../datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { hasPorts, type Outcome, type Packet } from "../../datapath/packet.ts";
import { everything, printFraction, shareNumber } from "../../datapath/share.ts";
import { familyNames } from "../../model/address.ts";
import { assumedFile } from "../../programs/traffic-mode.ts";
import { joinWords } from "../not-programmed/endpoints.ts";
import { type Evaluated, evaluateUnsure, unknownAddresses } from "./assumed-address.ts";
import { type CauseOf, explainHop } from "./explain-hop.ts";
import { foldOutcomes } from "./fold-outcomes.ts";
import type { KnownService } from "./known-services.ts";
import { notesOn } from "./notes.ts";
import type { ExplainedOutcome, ExplainedPacket, ExplainedWay, PacketExplanation } from "./packet-explanation.ts";
import type { ResolvedPacket } from "./resolve-packet.ts";

export interface ExplainedHost {
  readonly node: string;
  readonly mode: PacketExplanation["mode"];
  readonly host: EvaluatedHost;
  /** Finds the origins of the rules that match packets to a target. */
  readonly causesTo: (target: Target) => CauseOf;
  /** Pod and node of an endpoint, by `10.244.3.4:8080`. */
  readonly endpointAt: (target: string) => NamedEndpoint | undefined;
  /** Besides those that depend on the packet. */
  readonly assumptions: readonly string[];
  /** The addresses of the node are unknown: any address may be one of them. */
  readonly hasUnknownAddresses?: boolean;
  readonly services: () => readonly KnownService[];
}

export interface NamedEndpoint {
  /** `shop/web-1` */
  readonly pod: string | undefined;
  readonly node: string | undefined;
}

/** Traces packets through a host, one for each way to the target, and lists their outcomes, the rules, and their origins. */
export function explainPackets(
  explained: ExplainedHost,
  [first, ...others]: readonly [ResolvedPacket, ...ResolvedPacket[]],
): PacketExplanation {
  const { node, mode } = explained;
  const otherWays = others.map((resolved) => explainWay(explained, resolved));
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "PacketExplanation",
    node,
    mode,
    ...explainWay(explained, first),
    ...(otherWays.length === 0 ? {} : { otherWays }),
  };
}

function explainWay(explained: ExplainedHost, resolved: ResolvedPacket): ExplainedWay {
  const { host } = explained;
  const known = { endpointAt: explained.endpointAt, causeOf: remembering(explained.causesTo(resolved.to)) };
  const { outcomes: found, assumption } = evaluate(explained, resolved);
  const outcomes = found.map((outcome) => explainOutcome(outcome, resolved, known));
  const notes = notesOn(found, resolved, explained);
  return {
    packet: describePacket(resolved),
    outcomes,
    ...(notes.length === 0 ? {} : { notes }),
    assumptions: [
      ...explained.assumptions,
      ...(assumption === undefined ? [] : [assumption]),
      ...frameAssumptions(found),
      ...missingTables(host, resolved),
      ...unknownPods(host, resolved),
    ],
    limits: limitsOf(outcomes, explained),
  };
}

function evaluate({ host, hasUnknownAddresses }: ExplainedHost, { packet, from, to }: ResolvedPacket): Evaluated {
  const found =
    hasUnknownAddresses === true
      ? evaluateUnsure(host, packet)
      : { outcomes: foldOutcomes(evaluatePacket(host, packet)), assumption: undefined };
  const [unlisted] = found.outcomes.filter(isUnlisted).sort((a, b) => a.hops.length - b.hops.length);
  const usual = hasUnknownAddresses === true ? unknownAddresses(from, to.address) : undefined;
  if (unlisted === undefined) return { ...found, assumption: found.assumption ?? usual };
  // Sets that are missing too do not matter then: whatever they contain, the virtual servers decide.
  return { outcomes: [{ ...unlisted, share: everything, assumptions: [] }], assumption: usual };
}

function isUnlisted({ verdict }: Outcome): boolean {
  return verdict.kind === "unknown" && verdict.because !== undefined;
}

/** A missing table is an empty one. */
function missingTables({ families, stages }: EvaluatedHost, { to }: ResolvedPacket): readonly string[] {
  const family = isIpv6(to.address) ? "ipv6" : "ipv4";
  const { tables } = families[family];
  if (tables.size === 0)
    return [`there are no rules of ${familyNames[family]} here: packets of this family match none`];
  // Tables of nftables have base chains of any type.
  const missing = ["nat", "filter"].filter((type) => !tables.has(type) && !stages.some((stage) => stage.type === type));
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
  const { entry, inInterface, outInterface, state = "NEW", mark, remembered } = packet;
  return {
    from,
    to: printDestination(to, packet),
    protocol: to.protocol,
    entry,
    ...(inInterface === undefined ? {} : { interface: inInterface }),
    ...(outInterface === undefined ? {} : { outInterface }),
    state: state.toLowerCase() as ExplainedPacket["state"],
    ...(mark === undefined || mark === 0 ? {} : { mark }),
    ...(fromName === undefined ? {} : { fromName }),
    ...(to.service === undefined ? {} : { service: to.service }),
    ...(to.way === undefined ? {} : { way: to.way }),
    ...(to.name === undefined ? {} : { toName: to.name }),
    ...(remembered?.target === undefined ? {} : { remembered: remembered.target }),
  };
}

/** Without a port for a protocol that has none. */
function printDestination(target: Target, { protocol }: Packet): string {
  return hasPorts(protocol) ? printTarget(target) : target.address;
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

function explainOutcome(
  outcome: Outcome,
  { from, packet }: ResolvedPacket,
  { endpointAt, causeOf }: Known,
): ExplainedOutcome {
  const { share, verdict, masqueraded, newSource, affinity, scheduling, assumptions } = outcome;
  const destination = verdict.kind === "delivered" ? printDestination(verdict.target, packet) : undefined;
  const { pod, node } = (destination === undefined ? undefined : endpointAt(destination)) ?? {};
  return {
    share: shareNumber(share),
    exact: printFraction(share),
    verdict: verdict.kind,
    ...(destination === undefined ? {} : { destination }),
    ...(pod === undefined ? {} : { pod }),
    ...(node === undefined ? {} : { podNode: node }),
    ...(verdict.kind === "unknown" && verdict.because !== undefined ? { because: verdict.because } : {}),
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
  if (outcomes.some(({ verdict, because }) => verdict === "unknown" && because === undefined)) {
    limits.push("what the last rule of an unknown end does: its text does not tell");
  }
  if (outcomes.some(({ verdict }) => verdict === "untouched")) {
    limits.push("where a packet goes that no rule handles: routes, NetworkPolicy, listening sockets");
  }
  return limits;
}

/** What was assumed on the paths to these outcomes: a sentence about jumps, and one about chains. */
function frameAssumptions(outcomes: readonly Outcome[]): readonly string[] {
  const jumps = new Set<string>();
  const whole = new Set<string>();
  for (const hop of outcomes.flatMap(({ hops }) => hops)) {
    if (hop.kind !== "rule" || hop.file !== assumedFile) continue;
    const { action } = hop.rule;
    if (action.kind === "jump") jumps.add(`from ${hop.chain} to ${action.chain}`);
    else whole.add(hop.chain);
  }
  const led = `nothing in the text leads ${joinWords([...jumps])}: what leads there on a node is assumed`;
  const filled = `the text does not contain ${joinWords([...whole])}: the usual rules are assumed`;
  return [...(jumps.size === 0 ? [] : [led]), ...(whole.size === 0 ? [] : [filled])];
}
