import type { PacketExplanation } from "../../index.ts";
import type { PacketQuestion, PacketResult } from "../protocol.ts";
import { element } from "./dom.ts";
import { targetWords, verdictOf } from "./verdict.ts";

type Way = Pick<PacketExplanation, "packet" | "outcomes">;
type OnPacket = (packet: PacketQuestion) => void;

/** The same target from every kind of client: a row each, which sends that packet. */
export function clientsTable(results: readonly PacketResult[], onPacket: OnPacket): readonly HTMLElement[] {
  const target = results.find(({ explanation }) => explanation !== undefined)?.explanation?.packet;
  if (target === undefined) return [];
  const heads = ["From", "At", "Result"].map((name) => element("th", { scope: "col" }, name));
  return [
    element("h3", {}, `Who reaches ${target.service ?? target.to}`),
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, heads)),
      element(
        "tbody",
        {},
        results.flatMap((result) => clientRows(result, onPacket)),
      ),
    ),
  ];
}

function clientRows({ question, explanation, problem }: PacketResult, onPacket: OnPacket): readonly HTMLElement[] {
  const from = element(
    "button",
    { type: "button", class: "as-link", onclick: () => onPacket(question) },
    question.from === "node" ? "the node itself" : question.from.replace(/^pod\//, "pod "),
  );
  if (explanation === undefined)
    return [
      element(
        "tr",
        {},
        element("th", { scope: "row" }, from),
        element("td", {}, "—"),
        element("td", {}, problem ?? ""),
      ),
    ];
  const ways: readonly Way[] = [explanation, ...(explanation.otherWays ?? [])];
  return ways.map((way, index) => {
    const { tone, end } = verdictOf(way);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, index === 0 ? from : ""),
      element("td", { title: targetWords(way.packet) }, way.packet.way ?? "", " ", element("code", {}, way.packet.to)),
      element("td", { class: `is-${tone}` }, end),
    );
  });
}
