import { withOwnAddress } from "../../datapath/host.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { type HostSide, hostSideOf } from "../../diff/host-side.ts";
import { standIns } from "../../explain/packet/assumed-address.ts";
import { completeFrame } from "../../explain/packet/assumed-frame.ts";
import { servicesInRules } from "../../explain/packet/known-services.ts";
import {
  compiledQuery,
  knownOf,
  nodeAddresses,
  nothingKnown,
  type PacketQuery,
} from "../../explain/packet/packet-query.ts";
import { causesTo } from "../../explain/packet/rule-causes.ts";
import { type IpAddress, isLoopback, parseIp } from "../../model/address.ts";
import type { Node } from "../../model/objects/node.ts";
import { programFor } from "../../programs/registry.ts";
import { readEvaluatedHost } from "../../reconcile/live/evaluated-host.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import { type Effects, Failure } from "../effects.ts";
import { readDumps } from "../read-dumps.ts";
import { readHost, thisHost } from "../read-host.ts";
import { readState, type State } from "../read-state.ts";
import { hasState, requestedFamilies, type StateRequest } from "../requests.ts";

/** The host is the one that this state would be compiled for. */
export async function compiledHost(request: StateRequest, effects: Effects): Promise<PacketQuery> {
  const state = await readState(request, { families: requestedFamilies(request.family) }, effects);
  effects.onProgress("compiling");
  const query = compiledQuery(state, request.node);
  reportDiagnostics(state, effects);
  if (query === undefined) throw new Error("compiling gave neither a script nor an error");
  return query;
}

/** Reports the diagnostics of the state. Throws if there is an error. */
export function reportDiagnostics({ sink: { diagnostics }, inputs }: State, { onNotice }: Effects): void {
  onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents: inputs.documents }] });
  if (!hasErrors(diagnostics)) return;
  throw new Failure(`${summarizeDiagnostics(diagnostics)}; nothing was explained`, "invalid-input");
}

/** If state is passed, it is used for names and causes only. */
export interface DumpRequest extends StateRequest {
  readonly actual: readonly string[];
  readonly nodeAddress?: readonly string[];
}

/** The host is the one that the dump describes. */
export async function dumpedHost(request: DumpRequest, effects: Effects): Promise<PacketQuery> {
  const side = await readHostSide(request, effects);
  const node = request.node ?? side.name;
  const given = request.nodeAddress ?? side.addresses;
  const stateRequest = { ...request, ...(node === undefined ? {} : { node }) };
  const state = hasState(request) ? await readNames(stateRequest, given, effects) : undefined;
  const known = state === undefined ? nothingKnown : knownOf(state);
  const inState = state && nodeInState(state, node);
  const own = ownAddresses(given, inState, side);
  effects.onProgress("reading the rules");
  const listed = readEvaluatedHost(completeFrame(side.texts, side.mode), {
    nodeAddresses: own.addresses.map(({ text }) => text),
    podRanges: (inState?.podCidrs ?? []).map(({ text }) => text),
    routes: side.routes,
    hasUnlistedServers: lacksServers(side),
  });
  const host = own.source === "unknown" ? Object.values(standIns).reduce(withOwnAddress, listed) : listed;
  const name = node ?? inState?.name ?? request.actual.join(", ");
  let named: ReturnType<typeof servicesInRules> | undefined;
  const services = state === undefined ? () => (named ??= servicesInRules(host)) : known.services;
  const addresses = own.source === "unknown" ? standIns : nodeAddresses(own.addresses);
  return {
    context: { ...known, services, node: name, nodeAddresses: addresses, host },
    explained: {
      node: name,
      mode: side.mode ?? null,
      host,
      services,
      hasUnknownAddresses: own.source === "unknown",
      causesTo: state === undefined ? () => () => undefined : causesTo(state, node),
      endpointAt: known.endpointAt,
      assumptions: assumptionsOf(own),
    },
  };
}

interface OwnAddresses {
  readonly addresses: readonly IpAddress[];
  /** Where they are from; `unknown`: there are none. */
  readonly source: "dump" | "state" | "servers" | "unknown";
}

/** The node's addresses: as given or dumped, else of its Node, else those that virtual servers show. */
function ownAddresses(
  given: readonly string[] | undefined,
  inState: Node | undefined,
  { shownAddresses = [] }: HostSide,
): OwnAddresses {
  const parsed = (texts: readonly string[]) => texts.map(parseIp).filter((ip) => ip !== undefined);
  if (given !== undefined) return { addresses: parsed(given), source: given.length > 0 ? "dump" : "unknown" };
  const ofNode = (inState?.addresses ?? []).map(({ ip }) => ip);
  if (ofNode.length > 0) return { addresses: ofNode, source: "state" };
  const shown = parsed(shownAddresses).filter((ip) => !isLoopback(ip));
  return { addresses: shown, source: shown.length > 0 ? "servers" : "unknown" };
}

function assumptionsOf({ addresses, source }: OwnAddresses): readonly string[] {
  const list = addresses.map(({ text }) => text).join(", ");
  switch (source) {
    case "state":
      return [`the dump does not show the addresses of this node: the addresses of its Node are used, ${list}`];
    case "servers":
      return [`the dump does not show the addresses of this node: those of its virtual servers are used, ${list}`];
    case "dump":
    case "unknown":
      return [];
  }
}

/** Rules of ipvs mode without the text of its virtual servers. Where all sets are known and empty, there are none. */
function lacksServers({ mode, texts: { ipvs, ipset } }: HostSide): boolean {
  const hasEntries = ipset.length === 0 || ipset.some(({ text }) => /^add /m.test(text));
  const isScheduled = mode !== undefined && programFor({ mode }).traits.balancing === "scheduler";
  return isScheduled && ipvs.length === 0 && hasEntries;
}

async function readNames(request: StateRequest, hostAddresses: readonly string[] | undefined, effects: Effects) {
  const state = await readState(request, { families: requestedFamilies(request.family), hostAddresses }, effects);
  reportDiagnostics(state, effects);
  return state;
}

function nodeInState({ cluster: { nodes } }: State, name: string | undefined): Node | undefined {
  return name === undefined ? nodes[0] : nodes.find((node) => node.name === name);
}

async function readHostSide({ actual, node }: DumpRequest, effects: Effects): Promise<HostSide> {
  const hosts = actual.includes(thisHost) ? await readThisHost(effects) : await readHosts(actual, effects);
  const [only, second] = node === undefined || hosts.length === 1 ? hosts : hosts.filter(({ name }) => name === node);
  if (only !== undefined && second === undefined) return only;
  const names = hosts.map(({ name }) => name ?? "one without a name").join(", ");
  throw new Failure(`${actual.join(", ")} contains several hosts: ${names}; choose one with --node`, "usage");
}

async function readThisHost(effects: Effects): Promise<readonly HostSide[]> {
  const { document } = await readHost([thisHost], effects);
  const side = hostSideOf(document, "this host");
  return typeof side === "string" ? [] : [side];
}

async function readHosts(paths: readonly string[], effects: Effects): Promise<readonly HostSide[]> {
  return (await readDumps(paths, effects)).map((document) => {
    const side = hostSideOf(document, paths.join(", "));
    if (typeof side === "string") throw new Failure(side, "invalid-input");
    return side;
  });
}
