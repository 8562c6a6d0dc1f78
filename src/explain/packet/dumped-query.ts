import type { ReadState } from "../../compile/compile.ts";
import { withOwnAddress } from "../../datapath/host.ts";
import type { HostSide } from "../../diff/host-side.ts";
import { readEvaluatedHost } from "../../languages/evaluated-host.ts";
import { type IpAddress, isLoopback, parseIp } from "../../model/address.ts";
import type { Node } from "../../model/objects/node.ts";
import { programFor } from "../../programs/registry.ts";
import { trafficModeOf } from "../../programs/traffic-registry.ts";
import { standIns } from "./assumed-address.ts";
import { servicesInRules } from "./known-services.ts";
import { knownOf, nodeAddresses, nothingKnown, type PacketQuery } from "./packet-query.ts";
import { causesTo } from "./rule-causes.ts";

/** What is known of a host beside its texts. */
export interface DumpKnowledge {
  /** Its name; undefined: that of its Node, else the file's. */
  readonly node: string | undefined;
  /** The node's addresses, as passed or dumped. */
  readonly given: readonly string[] | undefined;
  /** Cluster state, for names and causes. */
  readonly state: ReadState | undefined;
  readonly file: string;
}

/** A query for the host that a dump describes. */
export function dumpedQuery(side: HostSide, { node, given, state, file }: DumpKnowledge): PacketQuery {
  const known = state === undefined ? nothingKnown : knownOf(state);
  const inState = state && nodeInState(state, node);
  const own = ownAddresses(given, inState, side);
  const listed = readEvaluatedHost(trafficModeOf(side.mode).withFrame(side.texts), {
    nodeAddresses: own.addresses.map(({ text }) => text),
    podRanges: (inState?.podCidrs ?? []).map(({ text }) => text),
    routes: side.routes,
    hasUnlistedServers: lacksServers(side),
  });
  const host = own.source === "unknown" ? Object.values(standIns).reduce(withOwnAddress, listed) : listed;
  const name = node ?? inState?.name ?? file;
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

function nodeInState({ cluster: { nodes } }: ReadState, name: string | undefined): Node | undefined {
  return name === undefined ? nodes[0] : nodes.find((node) => node.name === name);
}
