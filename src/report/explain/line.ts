import { printPart } from "../../datapath/share.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import type { RuleExplanation } from "../../explain/chain/explain-line.ts";
import type { EntryExplanation } from "../../explain/chain/explain-set.ts";
import { printCause, type Rendering, type RestoreLineExplanation } from "../../explain/explanation.ts";
import type { OwnLine } from "../../explain/service-lines.ts";
import { renderBranches, renderRule } from "./chain.ts";
import { wrap } from "./tree.ts";

/** `-o text` of a rule. `where` names what was searched: `the rules of node1`; undefined: nothing. */
export function renderRuleExplanation(
  explanation: RuleExplanation,
  rendering: Rendering,
  where: string | undefined,
): string {
  const { text, chain, matches, target, found, nearest } = explanation;
  const asked = matches.map(({ words }) => `${wrap(escapeControls(words), "  - ", "    ")}\n`);
  const parts = [
    `${rendering.strong(escapeControls(text))}\n\n`,
    asked.length === 0
      ? `Every packet${chain === undefined ? "" : ` that reaches ${escapeControls(chain)}`}\n`
      : `${chain === undefined ? "A packet" : `In ${escapeControls(chain)}, a packet`}\n${asked.join("")}`,
    `will\n${wrap(escapeControls(target), "  - ", "    ")}\n`,
  ];
  for (const rule of found.slice(0, mostFound)) {
    const { nodes, file, line, table, chain: own, number, purpose, share, cause } = rule;
    const at = `It is rule ${number} of ${own} in table ${table}, on ${nodes.join(", ")} (${file}:${line}).`;
    parts.push(`\n${wrap(escapeControls(at))}\n`);
    if (share !== undefined) parts.push(`It gets ${printPart(share.part)} of the packets that are balanced here.\n`);
    if (cause !== undefined) parts.push(`${wrap(escapeControls(`It is ${printCause(cause, rendering.sourceOf)}.`))}\n`);
    if (rule.branches.length > 0) parts.push(renderBranches(rule.branches, "  "));
    parts.push(`${wrap(escapeControls(`${own} ${purpose}.`))}\n`);
  }
  if (found.length > mostFound) parts.push(`\n... and ${found.length - mostFound} more places\n`);
  if (found.length === 0 && where !== undefined) {
    parts.push(`\n${wrap(escapeControls(`It does not exist in ${where}.`))}\n`);
    if (nearest.length > 0)
      parts.push("Similar rules there:\n", ...nearest.map((rule) => renderRule(rule, rendering, "rule")));
  }
  return parts.join("");
}

const mostFound = 10;

/** Lines by file and chain, grouped by origin. Lines are never wrapped: they are input for tools. */
export function renderLines(lines: readonly OwnLine[], title: string, { sourceOf, strong }: Rendering): string {
  if (lines.length === 0) return "";
  const parts = [`\n${strong(title)}\n`];
  const isTraced = lines.some((line) => line.cause !== undefined);
  let place = "";
  let cause = "";
  for (const line of lines) {
    const here = printPlace(line);
    const why =
      line.cause === undefined ? (isTraced ? "not required by the state" : "") : printCause(line.cause, sourceOf);
    if (here !== place) parts.push(`  ${here}\n`);
    if (why !== "" && (why !== cause || here !== place)) parts.push(`    ${escapeControls(why)}\n`);
    [place, cause] = [here, why];
    parts.push(`      ${line.line}: ${escapeControls(line.text)}\n`);
  }
  return parts.join("");
}

/** `iptables.restore, table nat, KUBE-SERVICES`; sets of no table are named by their own lines. */
function printPlace({ file, table, chain, set }: Pick<OwnLine, "file" | "table" | "chain" | "set">): string {
  const name = chain ?? (table === undefined ? undefined : set);
  const parts = [file, ...(table === undefined ? [] : [`table ${table}`]), ...(name === undefined ? [] : [name])];
  return escapeControls(parts.join(", "));
}

/** `-o text` of a line of the sets or virtual servers. */
export function renderEntry({ text, parts }: EntryExplanation, rendering: Rendering): string {
  const shown = parts.map(({ nodes, file, line, purpose, words, cause, rules }) => {
    const said = words === "" ? "" : `\n${wrap(escapeControls(words), "  - ", "    ")}`;
    const from =
      cause === undefined ? "" : `\n${wrap(escapeControls(`It is ${printCause(cause, rendering.sourceOf)}.`))}`;
    const asking =
      rules.length === 0
        ? ""
        : `\n  Rules that use it\n${rules.map((rule) => renderRule(rule, rendering, "rule")).join("")}`;
    const where = `It ${purpose} (${file}:${line}, on ${nodes.join(", ")}).`;
    return `${wrap(escapeControls(where))}${said}${from}\n${asking}`;
  });
  return `${rendering.strong(escapeControls(text))}\n${shown.join("\n")}`;
}

/** `-o text` of a line that iptables-restore refused. */
export function renderRestoreLine(
  { file, line, text, table, faults, owner }: RestoreLineExplanation,
  { strong }: Pick<Rendering, "strong">,
): string {
  const shown = faults.flatMap((fault) => [
    wrap(escapeControls(`${fault.line === line ? "" : `line ${fault.line}: `}${fault.message}`), "  - ", "    "),
    ...(fault.hint === undefined ? [] : [wrap(escapeControls(fault.hint), "    hint: ", "    ")]),
  ]);
  return [
    strong(escapeControls(`${file}:${line}${table === undefined ? "" : `, table ${table}`}`)),
    `  ${escapeControls(text.trim())}`,
    "",
    strong("What is wrong"),
    ...(shown.length > 0 ? shown : [wrap(nothingWrong, "  - ", "    ")]),
    ...(owner === undefined ? [] : ["", strong("Whose it is"), wrap(escapeControls(owner), "  - ", "    ")]),
    "",
  ].join("\n");
}

const nothingWrong =
  "nothing in the text: the kernel or the tool may lack a match or target of the line, or the chain was in use; " +
  "iptables-restore --test shows which, without a change";
