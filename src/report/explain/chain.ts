import { printPart } from "../../datapath/share.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import type { AbsentChain } from "../../explain/chain/absent-chain.ts";
import type { Branch, ChainExplanation, ChainPlace, ExplainedRule } from "../../explain/chain/explain-chain.ts";
import type { SetExplanation, SetPart } from "../../explain/chain/explain-set.ts";
import { printCause, type Rendering } from "../../explain/explanation.ts";
import { familyNames } from "../../model/address.ts";
import { wrap } from "./tree.ts";

const mostRules = 50;

/** `-o text` of a chain. */
export function renderChain({ name, parts }: ChainExplanation, rendering: Rendering): string {
  const texts = parts.map(({ nodes, places, absent }) => {
    const on = wrap(nodes.map(escapeControls).join(", "), "on ", "   ");
    const missing = absent === undefined ? "" : `\n${renderAbsent(absent)}`;
    return `${on}\n${missing}${places.map((place) => renderPlace(place, rendering)).join("")}`;
  });
  return `${rendering.strong(escapeControls(name))}\n${texts.join("\n")}`;
}

function renderAbsent({ wouldBe, why }: AbsentChain): string {
  const reasons = why.map((reason) => `${wrap(escapeControls(reason), "  - ", "    ")}\n`).join("");
  const head = wrap(escapeControls(`It does not exist. It would be ${wouldBe}:`));
  return `${head}\n${reasons === "" ? "  - the state does not explain why it does not exist\n" : reasons}`;
}

function renderPlace(place: ChainPlace, rendering: Rendering): string {
  const { strong } = rendering;
  const declared = place.declaredAt === undefined ? "" : `:${place.declaredAt}`;
  const head = `Table ${tableWords(place)} (${escapeControls(place.file)}${declared})`;
  const roots = place.reachedFrom.length === 0 ? "" : ` Reached from ${place.reachedFrom.join(", ")}.`;
  return [
    `\n${strong(head)}\n${wrap(escapeControls(`It ${place.purpose}.${roots}`), "  ")}\n`,
    renderRules("Rules that jump here", place.leadingHere, rendering, "none"),
    place.elementsLeadingHere.length === 0
      ? ""
      : renderRules("Elements of maps that lead here", place.elementsLeadingHere, rendering, ""),
    renderRules("Rules", place.rules.map(withoutChain), rendering, "none: packets return to the calling chain"),
  ].join("");
}

/** `nat, IPv4`, `ip kube-proxy`: tables of nftables have the family in their names. */
function tableWords({ table, family }: Pick<ChainPlace, "table" | "family">): string {
  return escapeControls(family === undefined || table.includes(" ") ? table : `${table}, ${familyNames[family]}`);
}

function renderRules(title: string, rules: readonly ExplainedRule[], rendering: Rendering, none: string): string {
  const noun = none === "" ? "element" : "rule";
  const shown = rules.slice(0, mostRules).map((rule) => renderRule(rule, rendering, noun));
  const more = rules.length > mostRules ? `    ... and ${rules.length - mostRules} more\n` : "";
  return `\n  ${title}\n${rules.length === 0 ? `    ${none}\n` : shown.join("")}${more}`;
}

/** Within its own chain, a rule is shown without the chain's name. */
function withoutChain(rule: ExplainedRule): ExplainedRule {
  return { ...rule, chain: "" };
}

/** A rule: its description, its text, and its origin. */
export function renderRule(rule: ExplainedRule, { sourceOf }: Rendering, noun: "rule" | "element"): string {
  const { chain, number, words, share, branches, file, line, text, cause } = rule;
  const part = share === undefined ? "" : `${printPart(share.part)} of `;
  const lines = [
    wrap(escapeControls(`${chain === "" ? "Rule" : `${chain} ${noun}`} ${number}: ${part}${words}`), "    ", "      "),
  ];
  lines.push(`      ${escapeControls(text)}`);
  const from = cause === undefined ? "" : `, ${printCause(cause, sourceOf)}`;
  lines.push(wrap(escapeControls(`${file}:${line}${from}`), "      "));
  return `${lines.join("\n")}\n${renderBranches(branches, "      ")}`;
}

const mostBranches = 10;

/** Where the elements of a map within a rule lead. */
export function renderBranches(branches: readonly Branch[], margin: string): string {
  const more = branches.length - mostBranches;
  const shown = branches.slice(0, mostBranches).map(({ key, to, share }) => {
    const when = share === undefined ? key : printPart(share.part);
    return `${wrap(escapeControls(`${when}: ${to}`), `${margin}-> `, `${margin}   `)}\n`;
  });
  return shown.join("") + (more > 0 ? `${margin}... and ${more} more\n` : "");
}

/** `-o text` of a set. */
export function renderSet({ name, parts }: SetExplanation, rendering: Rendering): string {
  const texts = parts.map((part) => renderSetPart(part, rendering));
  return `${rendering.strong(escapeControls(name))}\n${texts.join("\n")}`;
}

function renderSetPart(part: SetPart, rendering: Rendering): string {
  const { nodes, kind, table, type, purpose, file, line, entries, rules } = part;
  const shown = entries.slice(0, mostRules).map(({ text, words, line: at, cause }) => {
    const from = cause === undefined ? "" : `, ${printCause(cause, rendering.sourceOf)}`;
    const said = words === "" ? "" : `${wrap(escapeControls(words), "      ", "        ")}\n`;
    return `    ${escapeControls(text)}\n${said}${wrap(escapeControls(`${file}:${at}${from}`), "      ")}\n`;
  });
  const more = entries.length > mostRules ? `    ... and ${entries.length - mostRules} more\n` : "";
  const [one, many] = table === "" ? ["entry", "entries"] : ["element", "elements"];
  const count = `${entries.length} ${entries.length === 1 ? one : many}`;
  const what = `A ${kind} of type ${type}${table === "" ? "" : `, table ${table}`}`;
  return [
    `${wrap(nodes.map(escapeControls).join(", "), "on ", "   ")}\n\n`,
    wrap(escapeControls(`${what} (${file}:${line}): ${purpose ?? `not a ${kind} of kube-proxy`}.`)),
    entries.length === 0 ? "\n\n  It is empty.\n" : `\n\n  ${count}\n${shown.join("")}${more}`,
    renderRules(kind === "map" ? "Rules that look it up" : "Rules that match on it", rules, rendering, "none"),
  ].join("");
}
