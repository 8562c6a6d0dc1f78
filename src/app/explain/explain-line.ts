import { type ChainGraph, chainGraph } from "../../explain/chain/chain-graph.ts";
import type { ExplainedRule } from "../../explain/chain/explain-chain.ts";
import { type FoundRule, findRule, nearestRules, readRule } from "../../explain/chain/explain-line.ts";
import { foldNodes } from "../../explain/explanation.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { type Effects, Failure } from "../effects.ts";
import { hasState } from "../requests.ts";
import type { Explained, ExplainRequest } from "./compile-state.ts";
import { type Evidences, readEvidence } from "./evidence.ts";
import { explainChainOrSet, explainEntry } from "./explain-chain.ts";
import { explainRestoreLine } from "./explain-restore.ts";
import type { Question } from "./parse-question.ts";

const noState: Evidences = {
  labels: [],
  all: () => [],
  state: undefined,
  isDump: false,
  sourceOf: () => undefined,
};

/** `explain '-A CHAIN ...'`, or another line of the tools' output. */
export async function explainLine(typed: string, request: ExplainRequest, effects: Effects): Promise<Explained> {
  const text = typed.replace(/^\[\d+:\d+\]\s*/, "").trim();
  const [, declared] = /^:(\S+)/.exec(text) ?? [];
  if (declared !== undefined) return explainChainOrSet(declared, request, effects);
  const [, set] = /^create (\S+)/.exec(text) ?? [];
  if (set !== undefined) return explainChainOrSet(set, request, effects);
  if (/^(?:add |-[Aa] -)/.test(text)) return explainEntry(text, request, effects);
  const read = readRule(text);
  if (read.kind === "broken") throw new Failure(`not a rule: ${read.message}`, "usage");
  const hasSource = hasState(request) || request.actual !== undefined;
  const evidences = hasSource ? await readEvidence(request, effects) : noState;
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
  evidences.state?.reportAbout(() => false);
  const folded = foldNodes(found);
  const explanation = { ...read.rule, found: folded, nearest: folded.length > 0 ? [] : nearest };
  const where = hasSource ? searched(evidences) : undefined;
  return { answer: { kind: "rule", explanation, graphs, where }, sourceOf: evidences.sourceOf };
}

function searched({ labels, isDump }: Evidences): string {
  const names = labels.filter((label) => label !== "");
  if (isDump) return names.join(", ");
  return names.length === 0 ? "the compiled rules" : `the rules compiled for ${names.join(", ")}`;
}

/** `explain FILE:LINE`: a line of compiled text, or of the dump. */
export async function explainFileLine(
  { file, line }: { readonly file: string; readonly line: number },
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  if (request.actual === undefined && !hasState(request)) return explainRestoreLine([file], line, effects);
  const { all, labels, isDump } = await readEvidence(request, effects);
  if (labels.length > 1) {
    throw new Failure("line numbers differ between nodes: pass --node", "usage");
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
    for (const [at, line] of chain.lines.entries()) enter(chain.file, chain.numbers[at], line);
  }
  for (const other of evidence?.texts.others ?? []) enter(other.file, other.line, other.text);
  const inFile = lines.get(file) ?? (isDump && lines.size === 1 ? [...lines.values()][0] : undefined);
  if (inFile === undefined) {
    const near = didYouMean(file, lines.keys()) ?? [...lines.keys()].join(", ");
    throw new Failure(`there is no file ${file}; existing files: ${near}`, "invalid-input");
  }
  const text = inFile.get(line);
  if (text === undefined || (isDump && text.startsWith("-A ") && readRule(text).kind === "broken")) {
    if (isDump && request.actual !== undefined) return explainRestoreLine(request.actual, line, effects);
    throw new Failure(`line ${line} of ${file} is neither a rule nor a chain`, "invalid-input");
  }
  return explainLine(text, request, effects);
}

/** `explain 'iptables-restore: line 7 failed' --actual FILE`: what is wrong in that line, and whose it is. */
export async function explainRestoreError(
  { message, line }: Extract<Question, { kind: "restore-error" }>,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  if (request.actual !== undefined) return explainRestoreLine(request.actual, line, effects);
  if (!hasState(request))
    throw new Failure(
      "pass the input of iptables-restore too, with --actual FILE: a line number alone says nothing",
      "usage",
    );
  const file = message.includes("ip6tables") ? "ip6tables.restore" : "iptables.restore";
  return explainFileLine({ file, line }, request, effects);
}
