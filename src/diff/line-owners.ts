import { parseTarget, printTarget } from "../datapath/address-set.ts";
import type { EvaluatedHost, LoadedRules } from "../datapath/host.ts";
import { createRuleOwners, type RuleOwners } from "../filter/known-services.ts";
import type { VirtualServer } from "../ir/datapath.ts";
import type { RulesByFamily } from "../reconcile/attribution.ts";
import type { SideNode } from "./side.ts";

/** One side of a node, and its parsed text. */
export interface ReadNode {
  readonly node: Pick<SideNode, "services">;
  readonly host: EvaluatedHost;
}

/** Finds the service ports that own a line, by name; none for shared or unknown lines. */
export interface LineOwners {
  readonly ofRule: RuleOwners;
  readonly ofEntry: (set: string, entry: string) => readonly string[];
  readonly ofServer: (server: VirtualServer) => readonly string[];
}

/** Rules are attributed by comments. Entries and virtual servers need the Service addresses of a state. */
export function createLineOwners(sides: readonly ReadNode[]): LineOwners {
  const at = (target: string, protocol: string): readonly string[] => {
    const port = target.slice(target.lastIndexOf(":"));
    const keys = [`${target}/${protocol}`, `*${port}/${protocol}`];
    return sides.flatMap(({ node }) => {
      const key = keys.find((one) => node.services.has(one));
      return key === undefined ? [] : [node.services.get(key)?.name ?? ""];
    });
  };
  const ofServer = ({ protocol, address }: VirtualServer): readonly string[] => at(plainTarget(address), protocol);
  let byEndpoint: ReadonlyMap<string, readonly string[]> | undefined;
  return {
    ofRule: createRuleOwners(sides.map(({ host }) => ({ rules: rulesOf(host) }))),
    ofEntry: (set, entry) => {
      const [target, protocol] = targetOfEntry(set, entry);
      byEndpoint ??= endpointsOf(sides, ofServer);
      const names = at(target, protocol);
      return names.length > 0 ? names : (byEndpoint.get(`${protocol} ${target}`) ?? []);
    },
    ofServer,
  };
}

function rulesOf({ families }: EvaluatedHost): RulesByFamily["rules"] {
  const linesOf = ({ tables }: LoadedRules) => ({
    tables: new Map(
      [...tables].map(([name, chains]) => [
        name,
        { chains: new Map([...chains].map(([chain, { lines }]) => [chain, lines])) },
      ]),
    ),
  });
  return { ipv4: linesOf(families.ipv4), ipv6: linesOf(families.ipv6) };
}

function plainTarget(address: string): string {
  const target = parseTarget(address);
  return target === undefined ? address : printTarget(target);
}

/** `10.96.0.10,tcp:80`, perhaps with further fields; or a node port, whose protocol is known from the set's name. */
function targetOfEntry(set: string, entry: string): readonly [target: string, protocol: string] {
  const [address = "", port = ""] = entry.split(",");
  const [, protocol, number] = /^(tcp|udp|sctp):(\d+)$/.exec(port) ?? [];
  if (protocol !== undefined) return [printTarget({ address, port: Number(number) }), protocol];
  return [`*:${address}`, set.includes("UDP") ? "udp" : "tcp"];
}

/** The owners of endpoints, by `tcp 10.0.1.5:8080`. */
function endpointsOf(
  sides: readonly ReadNode[],
  ofServer: LineOwners["ofServer"],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const server of sides.flatMap(({ host }) => [...host.servers.values()])) {
    for (const { address } of server.realServers) {
      const key = `${server.protocol} ${plainTarget(address)}`;
      const names = found.get(key) ?? new Set<string>();
      found.set(key, names);
      for (const name of ofServer(server)) names.add(name);
    }
  }
  return new Map([...found].map(([key, names]) => [key, [...names]]));
}
