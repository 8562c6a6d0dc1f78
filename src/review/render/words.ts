import type { ChangeSeverity, OutcomeLabel, SourcePlace, TrafficChange } from "../diff/traffic-diff.ts";

export const signs = { added: "+", changed: "~", removed: "-" } as const;

/** What a severity is called in a report. */
export const severityNames: Readonly<Record<ChangeSeverity, string>> = {
  "access-widened": "access widened",
  "access-lost": "access lost",
  "source-address": "source address",
  shares: "shares",
  affinity: "affinity",
  cosmetic: "cosmetic",
};

export const nothingDiffers = "No packet is treated differently.";
export const nothingShownDiffers = "No packet to the Services shown is treated differently.";

/** `1 service`, `3 services`, `2 addresses`. */
export function plural(count: number, what: string): string {
  if (count === 1) return `1 ${what}`;
  return `${count} ${what}${what.endsWith("s") ? "es" : "s"}`;
}

/** A share from 0 to 1 as `33.3 %`. What is not all, or not nothing, never reads as if it were. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const rounded = (share * 100).toFixed(1);
  if (rounded === "0.0") return "< 0.1 %";
  return rounded === "100.0" ? "> 99.9 %" : `${rounded} %`;
}

/** Where a packet ends: its endpoint, or the verdict. */
export function outcomeTarget({ verdict, destination }: OutcomeLabel): string {
  switch (verdict) {
    case "delivered":
      return destination ?? "delivered";
    case "rejected":
    case "dropped":
      return verdict;
    case "untouched":
      return "no rule takes it";
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

/** On which nodes a change is; undefined where it is on every node that was compared. */
export function nodesText(nodes: readonly string[], compared: readonly string[]): string | undefined {
  if (nodes.length === compared.length) return undefined;
  return `on ${nodes.length} of ${plural(compared.length, "node")}: ${namesText(nodes)}`;
}

/** A change in one sentence without a full stop: `shop/web:http 10.96.4.20:80/TCP: endpoints 3 -> 2`. */
export function changeSentence({ service, vip, headline }: TrafficChange): string {
  return `${service === undefined ? "" : `${service} `}${vip}: ${headline}`;
}
