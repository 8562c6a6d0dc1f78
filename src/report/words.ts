import type {
  ChangeSeverity,
  NodeRules,
  OutcomeLabel,
  SourcePlace,
  TrafficChange,
  TrafficDiff,
} from "../diff/traffic-diff.ts";
import type { NotShown } from "../filter/narrowing.ts";

export const signs = { added: "+", changed: "~", removed: "-" } as const;

/** The name of a severity in a report. */
export const severityNames: Readonly<Record<ChangeSeverity, string>> = {
  "access-widened": "access widened",
  "access-lost": "access lost",
  "source-address": "source address",
  "load-distribution": "load distribution",
  affinity: "affinity",
  cosmetic: "cosmetic",
};

export const nothingDiffers = "No packet is treated differently.";
export const nothingShownDiffers = "No packet to the Services shown is treated differently.";

/** `1 Service`, `3 Services`, `2 addresses`. */
export function plural(count: number, what: string): string {
  if (count === 1) return `1 ${what}`;
  return `${count} ${what}${what.endsWith("s") ? "es" : "s"}`;
}

/** Where a packet ends: its endpoint, or the verdict. */
export function outcomeTarget({ verdict, destination }: OutcomeLabel): string {
  switch (verdict) {
    case "delivered":
      return destination ?? "delivered";
    case "rejected":
    case "dropped":
      return verdict;
    case "unknown":
      return "end unknown";
    case "untouched":
      return "not handled";
  }
}

/** `deploy/web.yaml:21:13` */
export function placeText({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`;
}

/** `n1`, `n1 and n2`, `n1, n2 and 4 more`. */
export function namesText(names: readonly string[], most = 3): string {
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** The nodes of a change; undefined if it is on every compared node. */
export function nodesText(nodes: readonly string[], compared: readonly string[]): string | undefined {
  if (nodes.length === compared.length) return undefined;
  return `on ${nodes.length} of ${plural(compared.length, "node")}: ${namesText(nodes)}`;
}

/** A change in one sentence without a full stop: `shop/web:http 10.96.4.20:80/TCP: endpoints 3 -> 2`. */
export function changeSentence({ service, vip, headline }: TrafficChange): string {
  return `${service === undefined ? "" : `${service} `}${vip}: ${headline}`;
}

/** What a narrowed diff leaves out; undefined for a complete one. */
export function leftOutSentence({ notShown }: Pick<TrafficDiff, "notShown">): string | undefined {
  return notShown && notShownSentence(notShown, "change");
}

/** `9 added, 4 changed, 11 removed` */
export function ruleCounts({ added, changed, removed }: Pick<NodeRules, "added" | "changed" | "removed">): string {
  return `${added} added, ${changed} changed, ${removed} removed`;
}

const mostRuleGroups = 3;

/** `3`, `2 to 5` */
export function rangeText(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${most}` : `${least} to ${most}`;
}

/** By group of nodes, how many rules change: `Rules per node: ...`, or `Rules on n1 and n2: ...` where nodes differ. */
export function ruleSentences({ rules, nodes }: Pick<TrafficDiff, "rules" | "nodes">): readonly string[] {
  const changed = rules.filter((group) => group.added + group.changed + group.removed > 0);
  if (changed.length > mostRuleGroups) {
    const count = (of: "added" | "changed" | "removed"): string =>
      `${rangeText(changed.map((group) => group[of]))} ${of}`;
    const where = plural(
      changed.reduce((sum, group) => sum + group.nodes.length, 0),
      "node",
    );
    return [`Rules on each of ${where}: ${count("added")}, ${count("changed")}, ${count("removed")}`];
  }
  return changed.map((group) => {
    const everywhere = group.nodes.length === nodes.length;
    const where = everywhere && nodes.length > 1 ? "Rules per node" : `Rules on ${namesText(group.nodes)}`;
    return `${where}: ${ruleCounts(group)}`;
  });
}

/** The same as JSON. `what` names the counted items: `changes` or `findings`. */
export function notShownDocument({ filter, count, services }: NotShown, what: "changes" | "findings"): object {
  return { filter, [what]: count, services };
}

/** `3 changes of 2 other Services are not shown (-n shop)`, without a full stop. `what` is what one is called. */
export function notShownSentence({ filter, count, services, rules = 0 }: NotShown, what: string): string {
  if (count + rules === 0) return `${filter} hides nothing`;
  const whose = services === 0 ? "other Services" : services === 1 ? "another Service" : `${services} other Services`;
  const parts = [count === 0 ? [] : plural(count, what), rules === 0 ? [] : plural(rules, "rule")].flat();
  const [first = "", ...others] = parts;
  const all = [`${first} of ${whose}`, ...others].join(" and ");
  return `${all} ${count + rules === 1 ? "is" : "are"} not shown (${filter})`;
}
