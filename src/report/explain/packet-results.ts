import { parseFraction, printPercent, total } from "../../datapath/share.ts";
import type { ExplainedOutcome, ExplainedPacket } from "../../explain/packet/packet-explanation.ts";
import { wrap } from "./tree.ts";

/** Outcomes that depend on the same answers. */
export interface Case {
  readonly asked: readonly string[];
  readonly outcomes: readonly ExplainedOutcome[];
}

/** Outcomes by the answers they depend on. */
export function casesOf(outcomes: readonly ExplainedOutcome[]): readonly Case[] {
  const cases = new Map<string, { readonly asked: readonly string[]; readonly outcomes: ExplainedOutcome[] }>();
  for (const outcome of outcomes) {
    const asked = outcome.assuming.map(assumptionWords);
    const key = [...asked].sort().join("\n");
    const known = cases.get(key);
    if (known === undefined) cases.set(key, { asked, outcomes: [outcome] });
    else known.outcomes.push(outcome);
  }
  return [...cases.values()];
}

/** What a case depends on. */
export function conditionOf({ asked }: Case): string {
  return asked.length === 0 ? "whatever the answers" : `if ${asked.join(", and ")}`;
}

/** What becomes of the packet, without saying which endpoint it gets. */
export function resultWords(outcome: ExplainedOutcome, { to, state, remembered }: ExplainedPacket): readonly string[] {
  const { verdict, masquerade, hairpin, rejectedWith, affinitySeconds, scheduling } = outcome;
  const newSource = sourceWords(outcome);
  switch (verdict) {
    case "rejected":
      return [`the client is told so, by ${rejectedWith}`];
    case "dropped":
      return ["nobody is told"];
    case "unknown":
      return ["the text does not tell what its last rule does with it"];
    case "untouched": {
      const kept = `it goes on to ${to} as if there were no rules`;
      const translated = "nat is asked for the first packet only: it goes where that one went";
      return [
        state === "new" ? kept : `no rule refuses it; ${translated}`,
        ...(masquerade ? [newSource ?? "its source address becomes the node's"] : []),
      ];
    }
    case "delivered":
      return [
        ...(hairpin ? ["it comes back to the pod it is from (hairpin)"] : []),
        masquerade ? (newSource ?? "its source address becomes the node's (masquerade)") : "its source address is kept",
        ...affinityWords(affinitySeconds, remembered),
        ...(scheduling === undefined ? [] : [schedulingWords[scheduling]]),
      ];
  }
}

function sourceWords({ newSource }: ExplainedOutcome): string | undefined {
  return newSource === undefined ? undefined : `its source address becomes ${newSource} (SNAT)`;
}

const schedulingWords = {
  "by weight": "IPVS takes the endpoints in turn, by weight",
  "by source": "IPVS chooses by a hash of the client, so one client stays; shares are those of many clients",
  dynamic: "IPVS chooses by the connections of the moment; shares are those of an idle node",
} as const;

function affinityWords(seconds: number | undefined, remembered: string | undefined): readonly string[] {
  if (seconds === undefined) return [];
  if (remembered !== undefined) return [`the node remembers the client there, and does so for ${seconds} s more`];
  return [`the client then stays at its endpoint for ${seconds} s (sessionAffinity)`];
}

/** A question and its answer: what an outcome depends on. */
export function assumptionWords({ what, holds }: ExplainedOutcome["assuming"][number]): string {
  // What was asked behind the translation is another question than before it.
  const [, asked = what, when = ""] = /^(.*?)((?:, once [a-z ]+)*)$/.exec(what) ?? [];
  const isSentence = asked.endsWith(" lets the packet go on");
  if (isSentence)
    return `${holds ? asked : asked.replace(/lets the packet go on$/, "does not let the packet go on")}${when}`;
  return `${asked} ${holds ? "matches" : "does not match"}${when}`;
}

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
