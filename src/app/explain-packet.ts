import type { ConnectionState, Entry, Protocol } from "../datapath/packet.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import { type Expectation, findUnmet } from "../explain/packet/expectation.ts";
import { type ExplainedHost, explainPacket } from "../explain/packet/explain-packet.ts";
import { findRemembered } from "../explain/packet/find-pods.ts";
import type { PacketExplanation } from "../explain/packet/packet-explanation.ts";
import type { PacketQuery } from "../explain/packet/packet-query.ts";
import { isRefusal, type PacketSource, type PacketTarget } from "../explain/packet/question.ts";
import { type ResolvedPacket, resolvePacket } from "../explain/packet/resolve-packet.ts";
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
  const resolved = resolvePacket(
    {
      source: request.from,
      target: request.to,
      protocol: request.proto,
      entry: request.entry,
      inInterface: request.interface,
      state: request.state.toUpperCase() as ConnectionState,
      mark: request.mark,
    },
    context,
  );
  if (isRefusal(resolved)) throw usage(escapeControls(resolved.refused));
  const explanation = explainPacket(explained, withMemory(resolved, request.remembered, explained));
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

/** The same packet from a client with session affinity. */
function withMemory(resolved: ResolvedPacket, target: string | undefined, { host }: ExplainedHost): ResolvedPacket {
  if (target === undefined) return resolved;
  const remembered = findRemembered(host, target);
  if (remembered !== undefined) return { ...resolved, packet: { ...resolved.packet, remembered } };
  throw usage(
    `no session affinity to ${target}: no rule adds a client to its list, and no virtual server is persistent`,
  );
}

function usage(message: string): Failure {
  return new Failure(message, "usage");
}
