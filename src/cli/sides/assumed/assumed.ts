import type { SideNode } from "../../../review/diff/side.ts";
import type { SideSource, SideSources } from "../side-request.ts";
import { overlayLimits } from "./overlay-limits.ts";
import { servicesWithoutRules } from "./services-without-rules.ts";

/** What a diff of these two takes for granted: one sentence each, without a full stop. */
export function assumedBetween({ base, head }: SideSources): readonly string[] {
  return [...servicesWithoutRules(base, head), ...overlayLimits(base, head), ...unreadPods([base, head])];
}

/** What one side alone takes for granted. */
export function assumedOf(source: SideSource, nodes: readonly SideNode[]): readonly string[] {
  return [...inventedIn(source), ...unknownsOf(nodes)];
}

function unreadPods(sources: readonly SideSource[]): readonly string[] {
  const isWithout = sources.some((source) => source.kind === "state" && source.state.withoutPods === true);
  return isWithout ? ["pods could not be read: endpoints stay as the cluster has them"] : [];
}

function inventedIn(source: SideSource): readonly string[] {
  const isInvented = source.kind === "state" && source.state.cluster.simulated > 0;
  return isInvented ? [`${source.name}: addresses, ports and endpoints that manifests lack are simulated`] : [];
}

/** Without addresses the engine says so itself. */
function unknownsOf(nodes: readonly SideNode[]): readonly string[] {
  const names = nodes.filter(({ world }) => world.podRanges.length === 0).map(({ name }) => name);
  if (names.length === 0) return [];
  const which = names.length === 1 ? names[0] : `${names.length} nodes`;
  return [`nobody says which addresses are pods of ${which}`];
}
