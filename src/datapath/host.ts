import type { LookupSet, Stage, VirtualServer } from "../ir/datapath.ts";
import type { TextPart, TextProblem } from "../ir/text.ts";
import { parseSets } from "../languages/ipset/parse.ts";
import { lookupSetOf } from "../languages/ipset/to-datapath.ts";
import { stagesOf } from "../languages/iptables/stages.ts";
import { parseServers } from "../languages/ipvs/parse.ts";
import { balancerStages, virtualServerOf } from "../languages/ipvs/to-datapath.ts";
import { type AddressSet, parseAddressSet, unite } from "./address-set.ts";
import { canonicalAddress, isAddress, isIpv6, parseTarget, printTarget } from "./addresses.ts";
import type { HostTexts, NodeEnvironment } from "./host-texts.ts";
import { type LoadedRules, type LoadProblem, loadRules } from "./load-rules.ts";

/** A host as packets meet it: what its tools' text says, read once, and what its kernel knows besides. */
export interface EvaluatedHost {
  readonly families: { readonly ipv4: LoadedRules; readonly ipv6: LoadedRules };
  /** Where packets of either family meet rules and balancers, in no order. */
  readonly stages: readonly Stage[];
  readonly sets: ReadonlyMap<string, LookupSet>;
  /** By `tcp 10.96.0.10:80`. */
  readonly servers: ReadonlyMap<string, VirtualServer>;
  /** Canonical; the node's own and those of kube-ipvs0. */
  readonly localAddresses: ReadonlySet<string>;
  /** The same by family, loopback with them. */
  readonly local: { readonly ipv4: AddressSet; readonly ipv6: AddressSet };
  readonly pods: { readonly ipv4: AddressSet; readonly ipv6: AddressSet };
  readonly world: NodeEnvironment;
  readonly problems: readonly LoadProblem[];
}

/** Reads the text of one host. Problems are lines that may hide something; the rest counts all the same. */
export function readEvaluatedHost(texts: HostTexts, world: NodeEnvironment): EvaluatedHost {
  const ipv4 = loadRules(texts.iptables);
  const ipv6 = loadRules(texts.ip6tables);
  const sets = readParts(texts.ipset, (text) => {
    const read = parseSets(text);
    return { values: read.sets.map(lookupSetOf), problems: read.problems };
  });
  const servers = readParts(texts.ipvs, (text) => {
    const read = parseServers(text);
    return { values: read.servers.map(virtualServerOf), problems: read.problems };
  });
  const localAddresses = new Set(
    [...world.nodeAddresses, ...texts.serviceAddresses].filter(isAddress).map(canonicalAddress),
  );
  const local = byFamily(["127.0.0.0/8", "::1/128", ...localAddresses]);
  return {
    families: { ipv4, ipv6 },
    stages: [
      ...stagesOf("ip", ipv4.tables),
      ...stagesOf("ip6", ipv6.tables),
      ...(servers.values.length > 0 ? balancerStages : []),
    ],
    sets: new Map(sets.values.map((set) => [set.name, set])),
    servers: new Map(servers.values.map((server) => [serverKey(server.protocol, server.address), server])),
    localAddresses,
    local,
    pods: byFamily(world.podRanges),
    world,
    problems: [...ipv4.problems, ...ipv6.problems, ...sets.problems, ...servers.problems],
  };
}

/** `ADDRESS:PORT` in any spelling. */
export function serverKey(protocol: string, address: string): string {
  const target = parseTarget(address);
  return `${protocol} ${target === undefined ? address : printTarget(target)}`;
}

interface ReadText<T> {
  readonly values: readonly T[];
  readonly problems: readonly TextProblem[];
}

function readParts<T>(parts: readonly TextPart[], read: (text: string) => ReadText<T>) {
  const values: T[] = [];
  const problems: LoadProblem[] = [];
  for (const { file, text } of parts) {
    const result = read(text);
    for (const value of result.values) values.push(value);
    problems.push(...result.problems.map((problem) => ({ file, ...problem })));
  }
  return { values, problems };
}

function byFamily(ranges: readonly string[]): { readonly ipv4: AddressSet; readonly ipv6: AddressSet } {
  const sets = (wanted: boolean): readonly AddressSet[] =>
    ranges
      .filter((range) => isIpv6(range) === wanted)
      .map(parseAddressSet)
      .filter((set) => set !== undefined);
  return { ipv4: unite(sets(false), 32), ipv6: unite(sets(true), 128) };
}
