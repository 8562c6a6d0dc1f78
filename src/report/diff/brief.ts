import type { ChainRules, NodeRules, TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";
import { escapeDeep } from "../escape.ts";
import { leftOutSentence, placeText, plural, signs } from "../words.ts";
import { foldNodes } from "./fold-changes.ts";
import { groupByService } from "./service-groups.ts";
import { chainTitle } from "./text-rules.ts";

/**
 * One line per change of behaviour: sign, severity, service (`-` for an address of no Service), address and headline,
 * nodes, source. Empty if no packet is treated differently. A last line with # reports what a narrowed diff leaves out.
 */
export function renderBrief(diff: TrafficDiff): string {
  const clean = escapeDeep(diff);
  const { groups } = groupByService(clean);
  const leftOut = leftOutSentence(clean);
  const lines = groups.flatMap(({ changes }) =>
    foldNodes(changes, clean.nodes).map(({ change }) => `${briefLine(change)}\n`),
  );
  return lines.join("") + (leftOut === undefined ? "" : `# ${leftOut}\n`);
}

function briefLine({ kind, severity, service, vip, headline, nodes, source }: TrafficChange): string {
  const where = nodes.length === 1 ? nodes[0] : plural(nodes.length, "node");
  const place = source === undefined ? "" : ` (${placeText(source)})`;
  return `${signs[kind]} ${severity} ${service ?? "-"} ${vip}: ${headline}, on ${where}${place}`;
}

/**
 * Rule lines in the form of a unified diff, for programs that colour, count or page such text: a file per group of
 * nodes, a hunk per chain. Chains have no line numbers; every hunk begins at 1.
 */
export function renderUnified(diff: TrafficDiff): string {
  const clean = escapeDeep(diff);
  const leftOut = leftOutSentence(clean);
  return (leftOut === undefined ? "" : `# ${leftOut}\n`) + clean.rules.map((group) => fileOf(group, clean)).join("");
}

function fileOf(group: NodeRules, { base, head }: TrafficDiff): string {
  const chains = group.chains.filter(({ lines, kind }) => lines.length > 0 || kind === "renamed");
  if (chains.length === 0) return "";
  const [first = "", ...others] = group.nodes;
  const name = others.length === 0 ? first : `${first} and ${others.length} more`;
  const nodes = others.length === 0 ? "" : `# the same on ${others.join(", ")}\n`;
  return `${nodes}--- ${base.name}: ${name}\n+++ ${head.name}: ${name}\n${chains.map(hunkOf).join("")}`;
}

function hunkOf(chain: ChainRules): string {
  const removed = chain.lines.filter(({ sign }) => sign === "-");
  const added = chain.lines.filter(({ sign }) => sign === "+");
  // A program that reads hunks rejects a hunk without lines.
  if (chain.lines.length === 0) return `# ${chainTitle(chain)}\n`;
  const head = `@@ -${range(removed.length)} +${range(added.length)} @@ ${chainTitle(chain)}\n`;
  return head + chain.lines.map(({ sign, text }) => `${sign}${text}\n`).join("");
}

function range(count: number): string {
  return count === 0 ? "0,0" : `1,${count}`;
}
