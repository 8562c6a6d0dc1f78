import { parseFraction, printPercent, total } from "../../../../evaluate/flow/share.ts";
import { wrap } from "../../render/wrap.ts";
import type { ExplainedOutcome, ExplainedPacket } from "../packet-explanation.ts";
import { resultWords } from "./result-words.ts";

/** What becomes of the packet; endpoints that fare alike are one line. */
export function renderResults(outcomes: readonly ExplainedOutcome[], packet: ExplainedPacket): readonly string[] {
  const alike = new Map<string, ExplainedOutcome[]>();
  for (const outcome of outcomes) {
    const key = [outcome.verdict, ...resultWords(outcome, packet)].join("\n");
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [outcome]);
    else known.push(outcome);
  }
  return [...alike.values()].map((own) => renderAlike(own, packet));
}

function renderAlike(outcomes: readonly ExplainedOutcome[], packet: ExplainedPacket): string {
  const share = printPercent(total(outcomes.map(({ exact }) => parseFraction(exact))));
  const [first] = outcomes;
  if (first === undefined) return "";
  const parts = [endWords(outcomes), ...resultWords(first, packet)];
  const head = `  ${share.padStart(7)}  `;
  return wrap(parts.join("; "), head, " ".repeat(head.length));
}

function endWords(outcomes: readonly ExplainedOutcome[]): string {
  const [{ verdict, destination, pod, podNode } = { verdict: "untouched" } as ExplainedOutcome] = outcomes;
  if (verdict !== "delivered") return verdict;
  const destinations = new Set(outcomes.map((outcome) => outcome.destination));
  if (destinations.size > 1) return `delivered to one of ${destinations.size} endpoints`;
  const who = [...(pod === undefined ? [] : [`pod ${pod}`]), ...(podNode === undefined ? [] : [`on ${podNode}`])];
  return `delivered to ${destination}${who.length === 0 ? "" : ` (${who.join(" ")})`}`;
}
