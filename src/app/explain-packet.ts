import type { ConnectionState, Entry, Protocol } from "../datapath/packet.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import { type Expectation, findUnmet } from "../explain/packet/expectation.ts";
import { type ExplainedHost, explainPackets } from "../explain/packet/explain-packet.ts";
import { findRemembered } from "../explain/packet/find-pods.ts";
import type { PacketExplanation } from "../explain/packet/packet-explanation.ts";
import type { PacketQuery } from "../explain/packet/packet-query.ts";
import { isRefusal, type PacketSource, type PacketTarget } from "../explain/packet/question.ts";
import { type ResolvedPacket, resolvePackets } from "../explain/packet/resolve-packet.ts";
import { type Effects, Failure } from "./effects.ts";
import { compiledHost, dumpedHost } from "./explain/dumped-host.ts";
import { hasState, type StateRequest } from "./requests.ts";

export interface ExplainPacketRequest extends StateRequest {
  readonly actual?: readonly string[];
  readonly nodeAddress?: readonly string[];
  readonly from: PacketSource;
  readonly to: PacketTarget;
  readonly proto?: Protocol;
  readonly entry?: Entry;
  readonly interface?: string;
  readonly outInterface?: string;
  readonly state: Lowercase<ConnectionState>;
  readonly mark: number;
  /** `ADDRESS:PORT` in canonical text. */
  readonly remembered?: string;
  readonly expect?: Expectation;
}

export interface ExplainPacketResult {
  readonly explanation: PacketExplanation;
  /** The actual outcome, where it differs from the expected one; undefined where they match. */
  readonly unmet: string | undefined;
}

/** Reports the path of a packet on a node, from cluster state or from the rules of the node. */
export async function explainPacketOn(request: ExplainPacketRequest, effects: Effects): Promise<ExplainPacketResult> {
  const { explained, context } = await readQuery(request, effects);
  const resolved = resolvePackets(
    {
      source: request.from,
      target: request.to,
      protocol: request.proto,
      entry: request.entry,
      inInterface: request.interface,
      outInterface: request.outInterface,
      state: request.state.toUpperCase() as ConnectionState,
      mark: request.mark,
    },
    context,
  );
  if (isRefusal(resolved)) throw usage(escapeControls(resolved.refused));
  const [first, ...others] = resolved;
  const withMemory = remembering(request.remembered, explained);
  const explanation = explainPackets(explained, [withMemory(first), ...others.map(withMemory)]);
  return { explanation, unmet: request.expect && findUnmet(request.expect, explanation) };
}

function readQuery(request: ExplainPacketRequest, effects: Effects): Promise<PacketQuery> {
  const { actual, nodeAddress } = request;
  if (actual !== undefined) return dumpedHost({ ...request, actual }, effects);
  if (nodeAddress !== undefined)
    throw usage("--node-address needs --actual; cluster state has addresses in Node or Host documents");
  if (!hasState(request)) throw usage("no input: pass -f STATE, --live, or --actual DUMP");
  return compiledHost(request, effects);
}

/** Gives the same packet from a client with session affinity. */
function remembering(target: string | undefined, { host }: ExplainedHost): (packet: ResolvedPacket) => ResolvedPacket {
  if (target === undefined) return (resolved) => resolved;
  const remembered = findRemembered(host, target);
  if (remembered !== undefined) return (resolved) => ({ ...resolved, packet: { ...resolved.packet, remembered } });
  throw usage(
    `no session affinity to ${target}: no rule adds a client to its list, and no virtual server is persistent`,
  );
}

function usage(message: string): Failure {
  return new Failure(message, "usage");
}
