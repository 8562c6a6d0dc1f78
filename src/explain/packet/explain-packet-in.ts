import { type ReadState, readStateOfObjects, type StateOptions } from "../../compile/compile.ts";
import type { ConnectionState, Entry, Protocol } from "../../datapath/packet.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { hostSideOf } from "../../diff/host-side.ts";
import type { HostDocument } from "../../ir/artifact.ts";
import { dumpedQuery } from "./dumped-query.ts";
import { explainPackets } from "./explain-packet.ts";
import { findRemembered } from "./find-pods.ts";
import type { PacketExplanation } from "./packet-explanation.ts";
import { compiledQuery, type PacketQuery } from "./packet-query.ts";
import { isRefusal, parsePacketSource, parsePacketTarget, targetForms } from "./question.ts";
import { type ResolvedPacket, resolvePackets } from "./resolve-packet.ts";

/** The first packet of a connection, by names or addresses. */
export interface PacketRequest {
  /** `pod/NAMESPACE/NAME`, `node`, `internet`, or an address. */
  readonly from: string;
  /**
   * `svc/NAMESPACE/NAME[:PORT]`, `pod/NAMESPACE/NAME[:PORT]`, `node/NAME:PORT`, `ADDRESS:PORT`, `[ADDRESS]:PORT`,
   * `localhost:PORT`, or the DNS name or URL of a Service. From the internet, a Service is asked at each of its other
   * addresses: see `otherWays`.
   */
  readonly to: string;
  /** Default: the service port's, else tcp. */
  readonly protocol?: Protocol | undefined;
  /** How it comes to the node; default: by its address. */
  readonly entry?: Entry | undefined;
  /** The interface it comes in by. */
  readonly interface?: string | undefined;
  /** The interface it leaves by. */
  readonly outInterface?: string | undefined;
  /** Of its connection; default new. */
  readonly state?: Lowercase<ConnectionState> | undefined;
  /** The mark it comes with; default 0. */
  readonly mark?: number | undefined;
  /** `ADDRESS:PORT` of the endpoint at which the node remembers the client (session affinity). */
  readonly remembered?: string | undefined;
}

export interface PacketAnswer {
  /** Undefined where there are errors, or a problem. */
  readonly explanation: PacketExplanation | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What is wrong with the request itself, such as a Service that does not exist. */
  readonly problem: string | undefined;
}

/** How the state is compiled, or which host is asked in place of it. */
export interface PacketOptions extends StateOptions {
  /** What a host has, as `parseDump` reads it: the packet is traced there, and the objects only give names. */
  readonly actual?: HostDocument | undefined;
}

/**
 * Traces a packet on a node that is programmed with this state, rule by rule and with exact shares; or on the host of a
 * dump.
 *
 * @example
 * ```ts
 * import { explainPacket } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const spec = { clusterIP: "10.96.0.10", ports: [{ port: 80 }] };
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec };
 * const { explanation } = explainPacket([node, web], { from: "10.244.0.9", to: "svc/default/web" });
 * console.log(explanation.packet.to); // "10.96.0.10:80"
 * console.log(explanation.outcomes.map(({ verdict }) => verdict)); // ["rejected"]
 * ```
 */
export function explainPacketIn(
  objects: readonly unknown[],
  request: PacketRequest,
  options: PacketOptions = {},
): PacketAnswer {
  const { actual, ...stateOptions } = options;
  const state = readStateOfObjects(objects, stateOptions);
  const { diagnostics } = state.sink;
  const refused = (problem: string): PacketAnswer => ({ explanation: undefined, diagnostics, problem });
  const query = actual === undefined ? compiledQuery(state, options.node) : queryOn(actual, state, objects.length > 0);
  if (typeof query === "string") return refused(query);
  if (query === undefined) return { explanation: undefined, diagnostics, problem: undefined };
  const [source, target] = [parsePacketSource(request.from), parsePacketTarget(request.to)];
  if (source === undefined)
    return refused(`${request.from} is no source: pod/NAMESPACE/NAME, node, internet or an address`);
  if (target === undefined) return refused(`${request.to} is no target: ${targetForms}`);
  const { protocol, entry, interface: inInterface, outInterface, state: of = "new", mark = 0, remembered } = request;
  const connection = of.toUpperCase() as ConnectionState;
  const question = { source, target, protocol, entry, inInterface, outInterface, state: connection, mark };
  const resolved = resolvePackets(question, query.context);
  if (isRefusal(resolved)) return refused(resolved.refused);
  const { explained } = query;
  const memory = remembered === undefined ? undefined : findRemembered(explained.host, remembered);
  if (remembered !== undefined && memory === undefined) return refused(`nothing keeps a client at ${remembered}`);
  const withMemory = (one: ResolvedPacket): ResolvedPacket =>
    memory === undefined ? one : { ...one, packet: { ...one.packet, remembered: memory } };
  const [first, ...others] = resolved;
  const packets = [withMemory(first), ...others.map(withMemory)] as const;
  return { explanation: explainPackets(explained, packets), diagnostics, problem: undefined };
}

/** The query on a host; a reason where its texts cannot be relied on. */
function queryOn(actual: HostDocument, state: ReadState, hasObjects: boolean): PacketQuery | string {
  const side = hostSideOf(actual, "the host");
  if (typeof side === "string") return side;
  const node = state.options.node ?? side.name;
  const given = side.addresses ?? state.options.hostAddresses;
  return dumpedQuery(side, { node, given, state: hasObjects ? state : undefined, file: "the host" });
}
