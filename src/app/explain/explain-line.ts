import type { ExplainFlags } from "../../cli/commands/explain.ts";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { hasState } from "../../cli/program/state-flags.ts";
import { type ChainGraph, chainGraph } from "../../explain/chain/chain-graph.ts";
import type { ExplainedRule } from "../../explain/chain/explain-chain.ts";
import { type FoundRule, findRule, nearestRules, readRule } from "../../explain/chain/explain-line.ts";
import { foldNodes } from "../../explain/fold-nodes.ts";
import { didYouMean } from "../../model/fields/did-you-mean.ts";
import { ruleExplanationDocument } from "../../report/explain/documents.ts";
import { renderRuleExplanation } from "../../report/explain/line.ts";
import { type Evidences, readEvidence } from "./evidence.ts";
import { explainChainOrSet, explainEntry } from "./explain-chain.ts";
import { printAnswer } from "./print-answer.ts";

const noState: Evidences = {
  labels: [],
  all: () => [],
  state: undefined,
  isDump: false,
  sourceOf: () => undefined,
};

/** `explain '-A CHAIN ...'`, and what else a line of the tools' texts may be. */
export async function explainLine(typed: string, flags: ExplainFlags): Promise<string> {
  const text = typed.replace(/^\[\d+:\d+\]\s*/, "").trim();
  const [, declared] = /^:(\S+)/.exec(text) ?? [];
  if (declared !== undefined) return explainChainOrSet(declared, flags);
  const [, set] = /^create (\S+)/.exec(text) ?? [];
  if (set !== undefined) return explainChainOrSet(set, flags);
  if (/^(?:add |-[Aa] -)/.test(text)) return explainEntry(text, flags);
  const read = readRule(text);
  if (read.kind === "broken") throw new CommandFailure(`not a rule: ${read.message}`, exitCodes.usage);
  const hasSource = hasState(flags) || flags.actual !== undefined;
  const evidences = hasSource ? await readEvidence(flags) : noState;
  const found: FoundRule[] = [];
  const nearest: ExplainedRule[] = [];
  const graphs: ChainGraph[] = [];
  for (const { label, texts, ownerOf } of evidences.all()) {
    const here = findRule(text, texts, ownerOf);
    found.push(...here.map((rule) => ({ ...rule, nodes: [label] })));
    if (here.length === 0 && nearest.length === 0) nearest.push(...nearestRules(text, texts));
    const lines = new Set(here.map(({ file, line }) => `${file}:${line}`));
    if (lines.size > 0 && graphs.length === 0)
      graphs.push(chainGraph(texts, ({ file, line }) => lines.has(`${file}:${line}`)));
  }
  evidences.state?.tellAbout(() => false);
  const folded = foldNodes(found);
  const explanation = { ...read.rule, found: folded, nearest: folded.length > 0 ? [] : nearest };
  const where = hasSource ? searched(evidences) : undefined;
  return printAnswer(flags, evidences.sourceOf, {
    text: (rendering) => renderRuleExplanation(explanation, rendering, where),
    document: () => ruleExplanationDocument(explanation, evidences.sourceOf),
    graphs: () => graphs,
  });
}

function searched({ labels, isDump }: Evidences): string {
  const names = labels.filter((label) => label !== "");
  if (isDump) return names.join(", ");
  return names.length === 0 ? "the compiled rules" : `the rules compiled for ${names.join(", ")}`;
}

/** `explain FILE:LINE`: a line of compiled text, or of the dump. */
export async function explainFileLine(file: string, line: number, flags: ExplainFlags): Promise<string> {
  const { all, labels, isDump } = await readEvidence(flags);
  if (labels.length > 1) {
    throw new CommandFailure("line numbers differ between nodes: pass --node", exitCodes.usage);
  }
  const [evidence] = [...all()];
  const lines = new Map<string, ReadonlyMap<number, string>>();
  const enter = (where: string, number: number | undefined, text: string): void => {
    const known = (lines.get(where) ?? new Map()) as Map<number, string>;
    lines.set(where, known);
    if (number !== undefined) known.set(number, text);
  };
  for (const chain of evidence?.texts.chains ?? []) {
    enter(chain.file, chain.declaredAt, `:${chain.name} - [0:0]`);
    for (const rule of chain.rules) enter(chain.file, rule.line, rule.text);
  }
  for (const other of evidence?.texts.others ?? []) enter(other.file, other.line, other.text);
  const inFile = lines.get(file) ?? (isDump && lines.size === 1 ? [...lines.values()][0] : undefined);
  if (inFile === undefined) {
    const near = didYouMean(file, lines.keys()) ?? [...lines.keys()].join(", ");
    throw new CommandFailure(`there is no file ${file}; existing files: ${near}`, exitCodes.invalidInput);
  }
  const text = inFile.get(line);
  if (text === undefined) {
    throw new CommandFailure(`line ${line} of ${file} is neither a rule nor a chain`, exitCodes.invalidInput);
  }
  return explainLine(text, flags);
}
