import { parseFraction, printPercent } from "../../datapath/share.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import type {
  ExplainedOutcome,
  ExplainedPacket,
  ExplainedWay,
  PacketExplanation,
} from "../../explain/packet/packet-explanation.ts";
import { isVirtualServer } from "../../explain/packet/packet-explanation.ts";
import { renderHops } from "./packet-hops.ts";
import { type Case, casesOf, conditionOf, renderResults } from "./packet-results.ts";
import { countShared, type End, type EndGroup, joinWays } from "./packet-way-graph.ts";
import { wrap } from "./tree.ts";

/** Further ends of a fork are counted: -o json lists them all. */
const mostEnds = 20;

/** The path of a packet as text: hop by hop, forks with their percentages, then results and unknowns; way by way. */
export function renderPacket(explanation: PacketExplanation, strong: (text: string) => string): string {
  const printable = withoutControls(explanation);
  const { otherWays = [] } = printable;
  const ways: readonly ExplainedWay[] = [printable, ...otherWays];
  const lines = [
    ...ways.flatMap((way, at) => [...(at === 0 ? [] : [""]), ...renderOne(way, printable, strong)]),
    ...section("Assumptions", unitedOf(ways, "assumptions"), strong),
    ...section("Not evaluated", unitedOf(ways, "limits"), strong),
  ];
  return `${lines.join("\n")}\n`;
}

type Host = Pick<PacketExplanation, "node" | "mode">;

function renderOne(way: ExplainedWay, host: Host, strong: (text: string) => string): readonly string[] {
  const { packet, outcomes, notes = [] } = way;
  const cases = casesOf(outcomes);
  const isCertain = cases.every(({ asked }) => asked.length === 0);
  return [
    strong(wrap(headline(packet, host), "", "  ")),
    "",
    ...(isCertain
      ? [...renderWay(outcomes), "", strong("Result"), ...renderResults(outcomes, packet)]
      : renderCases(cases, way, strong)),
    ...section("Notes", notes, strong),
  ];
}

/** The sentences of all ways, each once. */
function unitedOf(ways: readonly ExplainedWay[], part: "assumptions" | "limits"): readonly string[] {
  return [...new Set(ways.flatMap((way) => way[part]))];
}

/** The path as far as it is certain; then each result with its conditions, and the shortest path to it. */
function renderCases(
  cases: readonly Case[],
  { outcomes, packet }: ExplainedWay,
  strong: (text: string) => string,
): readonly string[] {
  const shared = countShared(outcomes);
  const hops = outcomes[0]?.hops ?? [];
  const alike = new Map<string, Case[]>();
  for (const each of cases) {
    const key = renderResults(each.outcomes, packet).join("\n");
    alike.set(key, [...(alike.get(key) ?? []), each]);
  }
  return [
    ...renderHops(hops.slice(0, shared), "  ", hops[shared]),
    "",
    "From here on it depends on what the rules do not tell.",
    ...[...alike].flatMap(([result, own]) => {
      const [shortest] = [...own].sort((a, b) => lengthOf(a) - lengthOf(b));
      const way = shortest === undefined ? [] : renderWay(shortest.outcomes, shared);
      const conditions = own.map((each, at) => wrap(`${at === 0 ? "" : "or "}${conditionOf(each)}`, "  ", "     "));
      return ["", strong("Result"), result, ...conditions, ...(own.length > 1 ? ["  the shortest path:"] : []), ...way];
    }),
  ];
}

function lengthOf({ outcomes }: Case): number {
  return outcomes.reduce((sum, { hops }) => sum + hops.length, 0);
}

/** Names of pods and comments in a dump may contain control characters. */
function withoutControls(explanation: PacketExplanation): PacketExplanation {
  return JSON.parse(JSON.stringify(explanation), (_, value) =>
    typeof value === "string" ? escapeControls(value) : value,
  );
}

function headline(packet: ExplainedPacket, { node, mode }: Host): string {
  const { from, to, protocol, fromName, service, toName = service, way = "cluster IP", entry, state, mark } = packet;
  const source = fromName === undefined ? from : `${fromName} (${from})`;
  const target = toName === undefined ? to : `${toName} (${way === "cluster IP" ? "" : `${way} `}${to})`;
  const extras = [
    ...(state === "new" ? [] : [`conntrack state ${state.toUpperCase()}`]),
    ...(mark === undefined ? [] : [`with mark 0x${mark.toString(16)}`]),
  ];
  const what = protocol === "icmp" ? "ICMP echo request" : protocol.toUpperCase();
  const parts = [`${what} from ${source} to ${target}`, entryWords(entry, packet), ...extras];
  return `${parts.join(", ")}; on ${node}${mode === null ? "" : `, ${mode} mode`}`;
}

function entryWords(entry: ExplainedPacket["entry"], { interface: name, outInterface }: ExplainedPacket): string {
  const leaving = outInterface === undefined ? "" : `, leaving on ${outInterface}`;
  const by = `${name === undefined ? "" : ` on interface ${name}`}${leaving}`;
  switch (entry) {
    case "node":
      return `sent by the node itself${leaving}`;
    case "pod":
      return `from a pod of this node${by}`;
    case "outside":
      return `from outside the node${by}`;
  }
}

function renderWay(outcomes: readonly ExplainedOutcome[], from = 0): readonly string[] {
  const { hops, groups } = joinWays(outcomes, from);
  const ends = groups.flatMap((group) => group.ends);
  const chosen = ends.length > 1 ? ends[0]?.lead[0] : undefined;
  const way = renderHops(hops, "  ", chosen);
  if (ends.length < 2) return way.length === 0 && from === 0 ? ["  no rule matches"] : way;
  // All ends have the same virtual server, which is shown once, before them.
  const isServer = chosen !== undefined && isVirtualServer(chosen);
  const fork = isServer ? renderHops([chosen], "  ") : [];
  const how = isServer ? "one of" : "at random, one of";
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
  const chosen = lead[0];
  const sent = lead.at(-1);
  const { destination = sent?.goesTo ?? outcome.verdict, exact, pod, podNode } = outcome;
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
    ...(sent?.object === undefined || isVirtualServer(sent) ? [] : [wrap(sent.origin, hang)]),
    ...renderHops(between, hang),
  ];
}

function section(title: string, sentences: readonly string[], strong: (text: string) => string): readonly string[] {
  if (sentences.length === 0) return [];
  return ["", strong(title), ...sentences.map((sentence) => wrap(sentence, "  - ", "    "))];
}
