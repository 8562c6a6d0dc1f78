import { type ChainGraph, chainGraph } from "../../explain/chain/chain-graph.ts";
import type { ExplainedRule } from "../../explain/chain/explain-chain.ts";
import { type FoundRule, findRule, nearestRules } from "../../explain/chain/explain-line.ts";
import { foldNodes } from "../../explain/explanation.ts";
import { isRefusedByLine, lineAt, readLine, readTexts } from "../../explain/texts.ts";
import type { AskedRule, ReadLine } from "../../languages/text-reader.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { type Effects, Failure } from "../effects.ts";
import { hasState } from "../requests.ts";
import type { Explained, ExplainRequest } from "./compile-state.ts";
import { type Evidences, readEvidence } from "./evidence.ts";
import { explainChainOrSet, explainEntries } from "./explain-chain.ts";
import { explainRestoreLine } from "./explain-restore.ts";
import type { Question } from "./parse-question.ts";

const noState: Evidences = {
  labels: [],
  all: () => [],
  state: undefined,
  isDump: false,
  sourceOf: () => undefined,
};

/** `explain '-A CHAIN ...'`, a rule of nftables, or another line of the tools' output. */
export async function explainLine(typed: string, request: ExplainRequest, effects: Effects): Promise<Explained> {
  const read = readLine(typed.trim());
  if (read === undefined) throw new Failure(`not a line of a tool: ${typed}`, "usage");
  return explainReadLine(read, request, effects);
}

async function explainReadLine(
  read: ReadLine,
  request: ExplainRequest,
  effects: Effects,
  evidences?: Evidences,
): Promise<Explained> {
  switch (read.kind) {
    case "object":
      return explainChainOrSet(read, request, effects, evidences);
    case "entries":
      return explainEntries(read, request, effects, evidences);
    case "broken":
      throw new Failure(`not a rule: ${read.message}`, "usage");
    case "rule": {
      const hasSource = hasState(request) || request.actual !== undefined;
      const known = evidences ?? (hasSource ? await readEvidence(request, effects) : noState);
      return explainRule(read.rule, known, hasSource ? searched(known) : undefined);
    }
  }
}

function explainRule(rule: AskedRule, evidences: Evidences, where: string | undefined): Explained {
  const found: FoundRule[] = [];
  const nearest: ExplainedRule[] = [];
  const graphs: ChainGraph[] = [];
  for (const { label, texts, ownerOf } of evidences.all()) {
    const here = findRule(rule, texts, ownerOf);
    found.push(...here.map((each) => ({ ...each, nodes: [label] })));
    if (here.length === 0 && nearest.length === 0) nearest.push(...nearestRules(rule, texts));
    const lines = new Set(here.map(({ file, line }) => `${file}:${line}`));
    if (lines.size > 0 && graphs.length === 0)
      graphs.push(chainGraph(texts, ({ file, line }) => lines.has(`${file}:${line}`)));
  }
  evidences.state?.reportAbout(() => false);
  const folded = foldNodes(found);
  const { text, chain, matches, target } = rule;
  const explanation = { text, chain, matches, target, found: folded, nearest: folded.length > 0 ? [] : nearest };
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
  const evidences = await readEvidence(request, effects);
  const { all, labels, isDump } = evidences;
  if (labels.length > 1) {
    throw new Failure("line numbers differ between nodes: pass --node", "usage");
  }
  const [evidence] = [...all()];
  const texts = evidence?.texts ?? readTexts([]);
  const files = new Set([...texts.chains, ...texts.sets, ...texts.others].map((placed) => placed.file));
  const [only, another] = files;
  const inFile = files.has(file) ? file : isDump && another === undefined ? only : undefined;
  if (inFile === undefined) {
    const near = didYouMean(file, files) ?? [...files].join(", ");
    throw new Failure(`there is no file ${file}; existing files: ${near}`, "invalid-input");
  }
  const read = lineAt(texts, inFile, line);
  if (read === undefined || (isDump && read.kind === "broken")) {
    if (isDump && request.actual !== undefined && isRefusedByLine(texts))
      return explainRestoreLine(request.actual, line, effects);
    throw new Failure(`line ${line} of ${file} is neither a rule nor a chain`, "invalid-input");
  }
  return explainReadLine(read, request, effects, {
    ...evidences,
    all: () => (evidence === undefined ? [] : [evidence]),
  });
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
