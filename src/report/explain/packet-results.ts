import { parseFraction, printPercent, total } from "../../datapath/share.ts";
import type { ExplainedOutcome, ExplainedPacket } from "../../explain/packet/packet-explanation.ts";
import { wrap } from "./tree.ts";

/** Outcomes with the same assumptions. */
export interface Case {
  readonly asked: readonly string[];
  readonly outcomes: readonly ExplainedOutcome[];
}

/** Groups outcomes by their assumptions. */
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

/** The condition of a case. */
export function conditionOf({ asked }: Case): string {
  return asked.length === 0 ? "in every case" : `if ${asked.join(", and ")}`;
}

/** Further properties of a result that do not depend on the endpoint. */
export function resultWords(outcome: ExplainedOutcome, { to, state, remembered }: ExplainedPacket): readonly string[] {
  const { verdict, masquerade, hairpin, rejectedWith, affinitySeconds, scheduling } = outcome;
  const newSource = sourceWords(outcome);
  switch (verdict) {
    case "rejected":
      return [`the client receives ${rejectedWith}`];
    case "dropped":
      return [];
    case "unknown":
      return [outcome.because ?? "the effect of its last rule is unknown"];
    case "untouched": {
      const kept = `it continues to ${to} as if there were no rules`;
      const translated = "NAT follows the first packet of the connection";
      return [
        state === "new" ? kept : `no rule drops or rejects it; ${translated}`,
        ...(masquerade ? [newSource ?? "SNAT to the node's IP"] : []),
      ];
    }
    case "delivered":
      return [
        ...(hairpin ? ["it returns to the sending pod (hairpin)"] : []),
        masquerade ? `client IP is not preserved (${newSource ?? "SNAT to the node's IP"})` : "client IP is preserved",
        ...affinityWords(affinitySeconds, remembered),
        ...(scheduling === undefined ? [] : [schedulingWords[scheduling]]),
      ];
  }
}

function sourceWords({ newSource }: ExplainedOutcome): string | undefined {
  return newSource === undefined ? undefined : `SNAT to ${newSource}`;
}

const schedulingWords = {
  "by weight": "IPVS selects endpoints round robin, by weight",
  "by source":
    "IPVS selects by a hash of the client IP, so a client stays at one endpoint; percentages are averages over clients",
  dynamic: "IPVS selects by current connections; percentages are those of an idle node",
} as const;

function affinityWords(seconds: number | undefined, remembered: string | undefined): readonly string[] {
  if (seconds === undefined) return [];
  if (remembered !== undefined) return [`session affinity keeps the client there for another ${seconds} s`];
  return [`session affinity then keeps the client at its endpoint for ${seconds} s`];
}

/** An assumption in words, such as "... matches". */
export function assumptionWords({ what, holds }: ExplainedOutcome["assuming"][number]): string {
  // After DNAT, a match tests other values than before it.
  const [, asked = what, when = ""] = /^(.*?)((?:, once [a-z ]+)*)$/.exec(what) ?? [];
  if (asked.includes(" come before those of ")) return holds ? asked : asked.replace(" come before ", " come after ");
  const [, address] = /^(\S+) is an address of this node$/.exec(asked) ?? [];
  if (address !== undefined) return `${address} is ${holds ? "" : "not "}an address of this node${when}`;
  const isSentence = asked.endsWith(" lets the packet go on");
  if (isSentence)
    return `${holds ? asked : asked.replace(/lets the packet go on$/, "does not let the packet go on")}${when}`;
  return `${asked} ${holds ? "matches" : "does not match"}${when}`;
}

/** The results for the packet; endpoints with the same result share a line. */
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
  const percent = printPercent(total(outcomes.map(({ exact }) => parseFraction(exact))));
  const [first] = outcomes;
  // 100% of something uncertain would read as certain.
  const share = percent === "100%" && (first?.assuming.length ?? 0) > 0 ? "all" : percent;
  if (first === undefined) return "";
  const parts = [endWords(outcomes), ...resultWords(first, packet)];
  const head = `  ${share.padStart(7)}  `;
  return wrap(parts.join("; "), head, " ".repeat(head.length));
}

function endWords(outcomes: readonly ExplainedOutcome[]): string {
  const [{ verdict, destination, pod, podNode } = { verdict: "untouched" } as ExplainedOutcome] = outcomes;
  if (verdict !== "delivered") return endings[verdict];
  const destinations = new Set(outcomes.map((outcome) => outcome.destination));
  if (destinations.size > 1) return `delivered to one of ${destinations.size} endpoints${listed(outcomes)}`;
  const who = [...(pod === undefined ? [] : [`pod ${pod}`]), ...(podNode === undefined ? [] : [`on ${podNode}`])];
  return `delivered to ${destination}${who.length === 0 ? "" : ` (${who.join(" ")})`}`;
}

/** More endpoints are not listed in a sentence. */
const mostListed = 4;

/** ` (10.0.1.5:8080 pod shop/web-a on node1, 10.0.2.6:8080)` */
function listed(outcomes: readonly ExplainedOutcome[]): string {
  const names = [...new Set(outcomes.map(endpointWords))];
  const more = names.length - mostListed;
  const shown = more > 1 ? [...names.slice(0, mostListed), `${more} more`] : names;
  return ` (${shown.join(", ")})`;
}

function endpointWords({ destination = "", pod, podNode }: ExplainedOutcome): string {
  const who = [...(pod === undefined ? [] : [`pod ${pod}`]), ...(podNode === undefined ? [] : [`on ${podNode}`])];
  return `${destination}${who.length === 0 ? "" : ` ${who.join(" ")}`}`;
}

const endings = {
  rejected: "rejected",
  dropped: "dropped silently",
  untouched: "not handled (no rule matches)",
  unknown: "unknown",
} as const;
