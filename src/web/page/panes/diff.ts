import type { TrafficChange, TrafficDiff } from "../../../index.ts";
import type { DiffAnswer } from "../../protocol.ts";
import { element } from "../dom.ts";
import { percent } from "../verdict.ts";

export interface DiffView {
  readonly answer: DiffAnswer | undefined;
  /** What is compared: `your manifests` and `the proposal, with node2 down`. */
  readonly sides: readonly [string, string];
  /** Undefined: nothing differs yet, so there is nothing to compare. */
  readonly onPropose: (() => void) | undefined;
}

const severityNames: Readonly<Record<TrafficChange["severity"], string>> = {
  "access-widened": "access widened",
  "access-lost": "access lost",
  "source-address": "source address",
  "load-distribution": "load distribution",
  affinity: "session affinity",
  cosmetic: "rules only",
};

/** What changes for traffic, worst first, then the rules. */
export function diffPane({ answer, sides, onPropose }: DiffView): readonly HTMLElement[] {
  if (onPropose !== undefined)
    return [
      element("p", { class: "empty" }, "Propose a change, or take a node down, and see here what it does to traffic."),
      element("button", { type: "button", class: "primary", onclick: onPropose }, "Edit a proposal"),
    ];
  const compared = element("p", { class: "compared" }, `From ${sides[0]} to ${sides[1]}.`);
  if (answer === undefined) return [compared, element("p", { class: "empty", role: "status" }, "Comparing…")];
  const { diff, problem } = answer;
  if (diff === undefined)
    return [compared, element("p", { class: "verdict is-mixed", role: "status" }, problem ?? "cannot be compared")];
  return [compared, headline(diff), ...diff.changes.slice(0, 100).map(change), rules(diff)];
}

function headline({ changes }: TrafficDiff): HTMLElement {
  const services = new Set(changes.map(({ service, vip }) => service?.replace(/:[^:]*$/, "") ?? vip));
  const worst = changes[0]?.severity;
  const isGrave = worst === "access-widened" || worst === "access-lost";
  const text =
    changes.length === 0
      ? "No packet is treated differently."
      : `${services.size} ${services.size === 1 ? "Service changes" : "Services change"}; the gravest change: ${severityNames[worst ?? "cosmetic"]}.`;
  return element(
    "p",
    { class: `verdict is-${changes.length === 0 ? "good" : isGrave ? "bad" : "mixed"}`, role: "status" },
    text,
  );
}

function change(one: TrafficChange): HTMLElement {
  const { severity, service, vip, headline: title, details, nodes, before, after, ruleLines } = one;
  return element(
    "article",
    { class: `change is-${severity}` },
    element(
      "h3",
      {},
      element("span", { class: "badge" }, severityNames[severity]),
      " ",
      element("strong", {}, service ?? "no Service"),
      " ",
      element("code", {}, vip),
    ),
    element("p", {}, title),
    details.length === 0
      ? undefined
      : element(
          "ul",
          { class: "notes" },
          details.map((text) => element("li", {}, text)),
        ),
    element(
      "p",
      { class: "soft" },
      nodes.length === 1 ? `on ${nodes[0]}` : `on ${nodes.length} nodes: ${nodes.join(", ")}`,
    ),
    outcomes(before, after),
    ruleLines.length === 0
      ? undefined
      : element(
          "details",
          {},
          element("summary", {}, "The deciding rules"),
          ruleLines.map(({ sign, text }) =>
            element("code", { class: `diff-line ${sign === "+" ? "added" : "removed"}` }, `${sign} ${text}`),
          ),
        ),
  );
}

function outcomes(before: TrafficChange["before"], after: TrafficChange["after"]): HTMLElement {
  const froms = [...new Set([...before, ...after].map(({ from }) => from))];
  const cell = (side: TrafficChange["before"], from: string): HTMLElement => {
    const found = side.find((one) => one.from === from);
    return element("td", {}, found === undefined ? "no answer" : found.outcomes.slice(0, 8).map(outcomeLine));
  };
  return element(
    "table",
    {},
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ["Clients", "Before", "After"].map((name) => element("th", { scope: "col" }, name)),
      ),
    ),
    element(
      "tbody",
      {},
      froms.map((from) =>
        element("tr", {}, element("th", { scope: "row" }, from), cell(before, from), cell(after, from)),
      ),
    ),
  );
}

function outcomeLine({
  verdict,
  destination,
  share,
  masquerade,
}: TrafficChange["before"][number]["outcomes"][number]): HTMLElement {
  const end =
    verdict === "delivered" ? (destination ?? "delivered") : verdict === "untouched" ? "not handled" : verdict;
  return element(
    "div",
    {},
    share === 1 ? "" : `${percent(share)} `,
    element("code", {}, end),
    masquerade ? " (SNAT)" : "",
  );
}

function rules({ rules: groups }: TrafficDiff): HTMLElement {
  return element(
    "section",
    {},
    element("h3", {}, "Rules"),
    groups.map(({ nodes, added, changed, removed, moved, chains }) =>
      element(
        "details",
        {},
        element(
          "summary",
          {},
          `${nodes.join(", ")}: ${added} added, ${changed} changed, ${removed} removed, ${moved} moved`,
        ),
        chains.slice(0, 60).map(({ where, lines, kind }) =>
          element(
            "div",
            { class: "chain" },
            element("p", {}, `${where} (${kind})`),
            lines
              .slice(0, 60)
              .map(({ sign, text }) =>
                element("code", { class: `diff-line ${sign === "+" ? "added" : "removed"}` }, `${sign} ${text}`),
              ),
          ),
        ),
      ),
    ),
  );
}
