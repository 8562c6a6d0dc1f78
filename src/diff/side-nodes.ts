import type { NodeEnvironment } from "../datapath/host.ts";
import { toolNames } from "../ir/artifact.ts";
import { type Family, families } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import { usedFamilies } from "../plan/forwarding/node-view.ts";
import { ownChains } from "../programs/registry.ts";
import type { HostSide } from "./host-side.ts";
import type { SideNode } from "./side.ts";

/** A node on both sides. */
export interface NodePair {
  /** The common name; undefined: the only node of the input, whatever its name. */
  readonly name: string | undefined;
  readonly base: HostSide | undefined;
  readonly head: HostSide | undefined;
}

const noNames = new Map<string, never>();

/** A node of a side that consists of a host's texts. */
export function hostNode({ name }: NodePair, host: HostSide | undefined): SideNode {
  if (host === undefined) throw new Error(`no host ${name}`);
  const world = { nodeAddresses: host.addresses ?? [], podRanges: [] };
  const { mode, texts } = host;
  return {
    name: name ?? host.name ?? "this node",
    mode,
    texts,
    world,
    services: noNames,
    endpoints: noNames,
    objectsOf: () => [],
    podRangesOf: noNames,
  };
}

/** Takes a node's addresses and pod CIDRs from the other side where this one has none. */
export function withWorldOf(
  nodes: readonly SideNode[],
  others: readonly SideNode[],
  pairs: readonly NodePair[],
): readonly SideNode[] {
  const better = (own: readonly string[], other: readonly string[] = []): readonly string[] =>
    own.length > 0 ? own : other;
  return nodes.map((node, index) => {
    const other = others[index];
    const { base, head } = pairs[index] ?? {};
    const shown = [...new Set([base, head].flatMap((host) => host?.shownAddresses ?? []))];
    const world: NodeEnvironment = {
      nodeAddresses: better(better(node.world.nodeAddresses, other?.world.nodeAddresses), shown),
      podRanges: better(node.world.podRanges, other?.world.podRanges),
      routeLocalnet: node.world.routeLocalnet ?? other?.world.routeLocalnet,
    };
    // Not spread: the names are computed only when they are needed.
    return {
      name: node.name,
      mode: node.mode,
      texts: node.texts,
      world,
      get services() {
        return node.services;
      },
      get endpoints() {
        return node.endpoints;
      },
      objectsOf: node.objectsOf,
      get podRangesOf() {
        return node.podRangesOf.size > 0 ? node.podRangesOf : (other?.podRangesOf ?? node.podRangesOf);
      },
    };
  });
}

/** The families to compile a node in: those of either side, so that none is new only because of the other. */
export function familiesOf(clusters: readonly Cluster[], { name, base, head }: NodePair): readonly Family[] {
  const used = new Set<Family>();
  for (const cluster of clusters) {
    const node = cluster.nodes.find((candidate) => candidate.name === name);
    for (const family of usedFamilies(cluster, node ?? (name === undefined ? cluster.nodes[0] : undefined)))
      used.add(family);
  }
  const services = ownChains.named("dispatch");
  const isInRules = (family: Family): boolean =>
    [base, head].some((host) =>
      host?.texts[toolNames[family]].some(({ text }) => services.some((name) => text.includes(`:${name}`))),
    );
  return families.filter((family) => used.has(family) || isInRules(family));
}
