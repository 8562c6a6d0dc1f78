import { type EntryPart, explainEntryIn } from "../../review/explain/chain/explain-entry.ts";
import { setPurpose } from "../../review/explain/chain/explain-set.ts";
import { foldNodes } from "../../review/explain/fold-nodes.ts";
import { entryDocument } from "../../review/explain/render/documents.ts";
import { renderEntry } from "../../review/explain/render/render-entry.ts";
import type { ExplainFlags } from "../commands/explain.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { readEvidence } from "./evidence.ts";
import { printAnswer } from "./print-answer.ts";

/** A line of sets or virtual servers: `add SET ENTRY`, `-A -t ADDRESS -s rr`, `-a -t ADDRESS -r ADDRESS ...`. */
export async function explainEntry(text: string, flags: ExplainFlags): Promise<string> {
  const { all, sourceOf, state } = await readEvidence(flags);
  const parts: EntryPart[] = [];
  for (const { label, texts } of all())
    parts.push(...explainEntryIn(text, texts).map((part) => ({ nodes: [label], ...part })));
  state?.tellAbout(() => false);
  if (parts.length === 0) {
    const set = /^add (\S+)/.exec(text)?.[1];
    const hint = set !== undefined && setPurpose(set) !== undefined ? " (sets are of the ipvs mode)" : "";
    throw new CommandFailure(`there is no line "${text}"${hint}`, exitCodes.invalidInput);
  }
  const explanation = { text, parts: foldNodes(parts) };
  return printAnswer(flags, sourceOf, {
    text: (rendering) => renderEntry(explanation, rendering),
    document: () => entryDocument(explanation, sourceOf),
    graphs: () => [],
  });
}
