import type { HostSide } from "../../diff/host-side.ts";
import type { NodePair } from "../../diff/side-nodes.ts";
import { Failure } from "../effects.ts";
import type { SideSource, SideSources } from "./read-side-sources.ts";

export interface PairedNodes {
  readonly pairs: readonly NodePair[];
  /** Nodes that only one side has, and hosts that are paired with each other, as text. */
  readonly notes: readonly string[];
}

/** Finds which nodes to compare: those that both sides have, or the one that `chosen` names. */
export function pairNodes(sources: SideSources, chosen: string | undefined): PairedNodes {
  const single = pairSingle(sources, chosen);
  if (single !== undefined) return single;
  const { base, head } = sources;
  const [before, after] = [namesOf(base), namesOf(head)];
  const all = before.length === 0 ? after : after.length === 0 ? before : before.filter((name) => after.includes(name));
  const names = chosen === undefined ? all : [chosen];
  if (names.length === 0 && before.length > 0) {
    throw new Failure(`${base.name} and ${head.name} have no node in common`, "invalid-input");
  }
  const wanted = names.length === 0 ? [undefined] : names.toSorted();
  const pairs = wanted.map((name) => ({ name, base: hostNamed(base, name), head: hostNamed(head, name) }));
  const missing = chosen === undefined && after.length > 0 && before.length > 0;
  return { pairs, notes: missing ? [...aloneIn(base, before, after), ...aloneIn(head, after, before)] : [] };
}

/**
 * The only host of a dump, paired with the node of that name or the only node of the other side; undefined without such
 * a host.
 */
function pairSingle({ base, head }: SideSources, chosen: string | undefined): PairedNodes | undefined {
  const [before, after] = [onlyHost(base), onlyHost(head)];
  const single = before ?? after;
  if (single === undefined) return undefined;
  const others = before === undefined ? namesOf(base) : after === undefined ? namesOf(head) : [];
  const alone = others.length === 0 ? (single.name ?? after?.name ?? "this node") : undefined;
  const known = others.find((name) => name === single.name) ?? (others.length === 1 ? others[0] : undefined);
  const name = chosen ?? known ?? alone;
  if (name === undefined) {
    const dump = before === undefined ? head : base;
    const message = `${dump.name} does not name its node: pass --node with one of ${others.slice(0, 5).join(", ")}`;
    throw new Failure(message, "usage");
  }
  const foreign = [before, after].filter((host) => host?.name !== undefined && host.name !== name);
  const notes = foreign.map(
    (host) => `${host === before ? base.name : head.name} shows node ${host?.name}, and is compared as ${name}`,
  );
  return { pairs: [{ name, base: before ?? hostNamed(base, name), head: after ?? hostNamed(head, name) }], notes };
}

function onlyHost(source: SideSource): HostSide | undefined {
  return source.kind === "hosts" && source.hosts.length === 1 ? source.hosts[0] : undefined;
}

function hostNamed(source: SideSource, name: string | undefined): HostSide | undefined {
  return source.kind === "hosts" ? source.hosts.find((host) => host.name === name) : undefined;
}

function namesOf(source: SideSource): readonly string[] {
  switch (source.kind) {
    case "empty":
      return [];
    case "state":
      return source.state.cluster.nodes.map(({ name }) => name);
    case "hosts":
      return source.hosts.flatMap(({ name }) => (name === undefined ? [] : [name]));
  }
}

function aloneIn(source: SideSource, names: readonly string[], others: readonly string[]): readonly string[] {
  const alone = names.filter((name) => !others.includes(name));
  if (alone.length === 0) return [];
  const [first, ...more] = alone;
  const which = more.length === 0 ? `node ${first} is` : `${alone.length} nodes (${alone.slice(0, 3).join(", ")}) are`;
  return [`${which} only in ${source.name} and not compared`];
}
