import { escapeControls } from "../../../../diagnostics/printable.ts";
import { parseFraction, printPercent } from "../../../../evaluate/share.ts";
import { wrap } from "../../render/wrap.ts";
import type { ExplainedOutcome, ExplainedPacket, PacketExplanation } from "../packet-explanation.ts";
import { renderHops } from "./render-hops.ts";
import { renderResults } from "./render-results.ts";
import { assumptionWords } from "./result-words.ts";
import { type End, type EndGroup, joinWays } from "./way.ts";

/** More ends of one fork are counted: -o json has them all. */
const mostEnds = 20;

/** A packet's way for people: hop by hop, forks with their shares, then what becomes of it and what is not known. */
export function renderPacket(explanation: PacketExplanation, strong: (text: string) => string): string {
  const { packet, outcomes, assumptions, limits } = explanation;
  const cases = casesOf(outcomes);
  const lines = [
    strong(wrap(escapeControls(headline(explanation)), "", "  ")),
    "",
    ...cases.flatMap(({ asked, outcomes: own }) => [
      ...(cases.length > 1 ? [strong(wrap(`If ${asked.join(", and ")}`, "", "   ")), ""] : []),
      ...renderWay(own),
      "",
    ]),
    strong("Result"),
    ...renderResults(cases, packet),
    ...section("Taken for granted", [...assumptions], strong),
    ...section("Not looked at", limits, strong),
  ];
  return `${lines
    .join("\n")
    .split("\n")
    .map(escapeControls)
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}

/** Outcomes that depend on the same answers. */
export interface Case {
  readonly asked: readonly string[];
  readonly outcomes: readonly ExplainedOutcome[];
}

function casesOf(outcomes: readonly ExplainedOutcome[]): readonly Case[] {
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

function headline({ node, mode, packet }: PacketExplanation): string {
  const { from, to, protocol, fromName, service, entry, state, mark } = packet;
  const source = fromName === undefined ? from : `${fromName} (${from})`;
  const target = service === undefined ? to : `${service} (${to})`;
  const extras = [
    ...(state === "new" ? [] : [`of a connection that is ${state}`]),
    ...(mark === undefined ? [] : [`with mark 0x${mark.toString(16)}`]),
  ];
  const parts = [`${protocol.toUpperCase()} from ${source} to ${target}`, entryWords(entry, packet), ...extras];
  return `${parts.join(", ")}; on ${node}${mode === null ? "" : `, ${mode} mode`}`;
}

function entryWords(entry: ExplainedPacket["entry"], { interface: name }: ExplainedPacket): string {
  const by = name === undefined ? "" : ` by ${name}`;
  switch (entry) {
    case "node":
      return "sent by the node itself";
    case "pod":
      return `from a pod of this node${by}`;
    case "outside":
      return `from outside${by}`;
  }
}

function renderWay(outcomes: readonly ExplainedOutcome[]): readonly string[] {
  const { hops, groups } = joinWays(outcomes);
  const ends = groups.flatMap((group) => group.ends);
  const chosen = ends.length > 1 ? ends[0]?.lead[0] : undefined;
  const way = renderHops(hops, "  ", chosen);
  if (ends.length < 2) return way.length === 0 ? ["  no rule takes it"] : way;
  // A virtual server is one for all ends; what chose is said of it.
  const isServer = chosen?.table === "ipvs";
  const fork = isServer ? renderHops([chosen], "  ") : [];
  const how = isServer ? "one of" : "by chance, one of";
  return [...way, ...fork, `  ${how} ${ends.length}:`, ...groups.flatMap(renderGroup)];
}

function renderGroup({ ends, tail }: EndGroup): readonly string[] {
  const shown = ends.slice(0, mostEnds).flatMap(renderEnd);
  const more = ends.length - mostEnds;
  const rest = more > 0 ? [`    and ${more} more (-o json lists them)`] : [];
  if (tail.length === 0) return [...shown, ...rest];
  return [
    ...shown,
    ...rest,
    ends.length > 1 ? "    then, for each of these:" : "    then:",
    ...renderHops(tail, "      "),
  ];
}

/** `33.3 %  10.0.1.5:8080  by KUBE-SVC-... 1 and KUBE-SEP-... 2, pod shop/web-1 on node2` */
function renderEnd({ outcome, lead }: End): readonly string[] {
  const { destination = outcome.verdict, exact, pod, podNode } = outcome;
  const chosen = lead[0];
  const sent = lead.at(-1);
  const rules = chosen === undefined || chosen.rule === null ? [] : [`${chosen.chain} ${chosen.rule}`];
  if (sent !== undefined && sent !== chosen) rules.push(`${sent.chain} ${sent.rule}`);
  const share = printPercent(parseFraction(exact)).padStart(8);
  const who = pod === undefined ? "" : `pod ${pod}`;
  const where = podNode === undefined ? "" : `on ${podNode}`;
  const name = [who, where].filter((part) => part !== "").join(" ");
  const head = `  ${share}  ${destination}${name === "" ? "" : `  ${name}`}`;
  const hang = " ".repeat(12);
  const between = lead.slice(1, -1);
  return [
    head,
    ...(rules.length === 0 ? [] : [wrap(`by ${rules.join(" and ")}`, hang)]),
    ...(sent?.object === undefined || sent.table === "ipvs" ? [] : [wrap(sent.because, hang)]),
    ...renderHops(between, hang),
  ];
}

function section(title: string, sentences: readonly string[], strong: (text: string) => string): readonly string[] {
  if (sentences.length === 0) return [];
  return ["", strong(title), ...sentences.map((sentence) => wrap(sentence, "  - ", "    "))];
}
