import type { TrafficChange, TrafficDiff } from "../../../index.ts";
import { groupBy } from "../../../model/group-by.ts";
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
  const groups = [...groupBy(diff.changes, sameOnNodes).values()];
  return [compared, headline(diff), ...groups.slice(0, 100).map(change), rules(diff)];
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

/** Changes that differ only in the endpoints of their nodes. */
function sameOnNodes({ kind, severity, service, vip, headline: title, details }: TrafficChange): string {
  return JSON.stringify([kind, severity, service, vip, title, details]);
}

function change(group: readonly TrafficChange[]): HTMLElement {
  const [first] = group;
  if (first === undefined) return element("article");
  const { severity, service, vip, headline: title, details, before, after, examplePath } = first;
  const nodes = group.flatMap((one) => one.nodes);
  const where = nodes.length === 1 ? `On ${nodes[0]}.` : `On ${nodes.length} nodes: ${nodes.join(", ")}.`;
  const shown = group.length === 1 ? "" : ` Shown: ${first.nodes.join(", ")}.`;
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
    element("p", { class: "soft" }, where, shown),
    outcomes(before, after),
    examplePaths(examplePath),
  );
}

/** The way of the example packet on both sides; rules that the other side does not have are marked. */
function examplePaths({ before, after }: TrafficChange["examplePath"]): HTMLElement | undefined {
  if (before.length + after.length === 0) return undefined;
  const side = (heading: string, rules: typeof before, mark: string) => [
    element("p", { class: "soft" }, heading),
    ...rules.map(({ where, text, differs }) =>
      element("code", { class: differs ? `diff-line ${mark}` : "diff-line" }, `${where}: ${text}`),
    ),
  ];
  return element(
    "details",
    {},
    element("summary", {}, "The path of an example packet"),
    side("Before", before, "removed"),
    side("After", after, "added"),
  );
}

function outcomes(before: TrafficChange["before"], after: TrafficChange["after"]): HTMLElement {
  const clients = [...new Set([...before, ...after].map(({ from }) => from))];
  const cell = (side: TrafficChange["before"], from: string): HTMLElement => {
    const found = side.find((one) => one.from === from);
    return element("td", {}, found === undefined ? "no answer" : outcomeLines(found.outcomes));
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
      clients.map((from) =>
        element("tr", {}, element("th", { scope: "row" }, from), cell(before, from), cell(after, from)),
      ),
    ),
  );
}

type OutcomeLabel = TrafficChange["before"][number]["outcomes"][number];

/** Endpoints with the same share are counted. */
function outcomeLines(all: readonly OutcomeLabel[]): readonly HTMLElement[] {
  const groups = groupBy(all, ({ verdict, share, masquerade }) => `${verdict} ${percent(share)} ${masquerade}`);
  return [...groups.values()].map((members) => {
    const [first] = members;
    const after = first?.masquerade ? " (SNAT)" : "";
    if (members.length <= 2)
      return element(
        "div",
        {},
        members.map((one) => element("div", {}, outcomeLine(one), after)),
      );
    const title = members.map(({ destination }) => destination).join(", ");
    return element("div", { title }, `${members.length} endpoints, ${percent(first?.share ?? 0)} each${after}`);
  });
}

function outcomeLine({ verdict, destination, share }: OutcomeLabel): HTMLElement {
  const end = verdict === "delivered" ? (destination ?? verdict) : verdict === "untouched" ? "not handled" : verdict;
  return element("span", {}, share === 1 ? "" : `${percent(share)} `, element("code", {}, end));
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
