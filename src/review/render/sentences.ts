import type { NodeRules, TrafficDiff } from "../diff/traffic-diff.ts";
import type { NotShown } from "../narrow/not-shown.ts";
import { countChanged, type ServiceGroup, sumRules } from "./service-groups.ts";
import { namesText, nothingDiffers, nothingShownDiffers, plural } from "./words.ts";

/** `3 services change on 12 nodes`; without a change of behaviour, that there is none. */
export function summarySentence(groups: readonly ServiceGroup[], { notShown }: Pick<TrafficDiff, "notShown">): string {
  const { services, addresses, nodes } = countChanged(groups);
  if (groups.length === 0) return notShown === undefined ? nothingDiffers : nothingShownDiffers;
  const other = services === 0 ? "address" : "other address";
  const parts = [services === 0 ? "" : plural(services, "service"), addresses === 0 ? "" : plural(addresses, other)];
  const verb = services + addresses === 1 ? "changes" : "change";
  return `${parts.filter((part) => part !== "").join(" and ")} ${verb} on ${plural(nodes, "node")}`;
}

/** What a narrowed diff leaves out; undefined of a whole one. */
export function leftOutSentence({ notShown }: Pick<TrafficDiff, "notShown">): string | undefined {
  return notShown && notShownSentence(notShown, "change");
}

/** `9 added, 4 changed, 11 removed` */
export function ruleCounts({ added, changed, removed }: Pick<NodeRules, "added" | "changed" | "removed">): string {
  return `${added} added, ${changed} changed, ${removed} removed`;
}

/** `412 lines moved`, on all nodes together; undefined where none did. */
export function movedSentence(diff: Pick<TrafficDiff, "rules">, groups: readonly ServiceGroup[]): string | undefined {
  const { moved } = sumRules(diff);
  if (moved === 0) return undefined;
  return groups.length === 0
    ? `${plural(moved, "line")} moved`
    : `${plural(moved, "more line")} moved, and treat no packet differently`;
}

/** By group of nodes, how many rules change: `Rules per node: ...`, or `Rules on n1 and n2: ...` where nodes differ. */
export function ruleSentences({ rules, nodes }: Pick<TrafficDiff, "rules" | "nodes">): readonly string[] {
  const changed = rules.filter((group) => group.added + group.changed + group.removed > 0);
  return changed.map((group) => {
    const everywhere = group.nodes.length === nodes.length;
    const where = everywhere && nodes.length > 1 ? "Rules per node" : `Rules on ${namesText(group.nodes)}`;
    return `${where}: ${ruleCounts(group)}`;
  });
}

/** The same for programs. `what` is what is counted: `changes` or `findings`. */
export function notShownDocument({ filter, count, services }: NotShown, what: "changes" | "findings"): object {
  return { filter, [what]: count, services };
}

/** `3 changes of 2 other Services are not shown (-n shop)`, without a full stop. `what` is what one is called. */
export function notShownSentence({ filter, count, services, rules = 0 }: NotShown, what: string): string {
  if (count + rules === 0) return `${filter} leaves nothing out`;
  const whose = services === 0 ? "other Services" : services === 1 ? "another Service" : `${services} other Services`;
  const parts = [count === 0 ? [] : plural(count, what), rules === 0 ? [] : plural(rules, "rule")].flat();
  const [first = "", ...others] = parts;
  const all = [`${first} of ${whose}`, ...others].join(" and ");
  return `${all} ${count + rules === 1 ? "is" : "are"} not shown (${filter})`;
}
