import type { PacketExplanation } from "../../../index.ts";
import type { Analysis, PacketQuestion, PacketResult } from "../../protocol.ts";
import { choice, element, type Option } from "../dom.ts";
import { percent, verdictOf } from "../verdict.ts";
import { linkTo } from "./links.ts";

export interface TrafficView {
  readonly analysis: Analysis;
  readonly packet: PacketQuestion;
  /** The answers to the packet, and then to the same from other clients. */
  readonly results: readonly PacketResult[];
  /** The path whose steps are shown. */
  readonly path: number;
  readonly onPacket: (packet: PacketQuestion) => void;
  readonly onPath: (path: number) => void;
  readonly onNode: (node: string) => void;
}

type Way = Pick<PacketExplanation, "packet" | "outcomes" | "notes" | "assumptions" | "limits">;
type Outcome = Way["outcomes"][number];

/** The packet builder, the verdict in one sentence, the paths with their shares, and the steps of one of them. */
export function trafficPane(view: TrafficView): readonly HTMLElement[] {
  const [asked] = view.results;
  return [builder(view), ...(asked === undefined ? [] : [answer(asked, view)])];
}

function builder({ analysis, packet, onPacket, onNode }: TrafficView): HTMLElement {
  const { picture, node } = analysis;
  return element(
    "form",
    { class: "builder", "aria-label": "Packet", onsubmit: (event) => event.preventDefault() },
    picker({ label: "From", value: packet.from, options: sources(analysis) }, (from) => onPacket({ ...packet, from })),
    picker({ label: "To", value: packet.to, options: targets(analysis) }, (to) => onPacket({ ...packet, to })),
    picture.nodes.length === 0
      ? undefined
      : choice({ label: "On node", value: node ?? "", options: picture.nodes.map((value) => ({ value })) }, onNode),
  );
}

/** A choice with a last entry for any other text. */
function picker(
  field: { readonly label: string; readonly value: string; readonly options: readonly Option[] },
  onPick: (value: string) => void,
): HTMLElement {
  const { label, value, options } = field;
  const isKnown = options.some((one) => one.value === value);
  const other = "other";
  const chosen = choice(
    { label, value: isKnown ? value : other, options: [...options, { value: other, text: "other address or name…" }] },
    (picked) => (picked === other ? reveal() : onPick(picked)),
  );
  const input = element("input", {
    type: "text",
    value: isKnown ? "" : value,
    "aria-label": `${label}: address or name`,
    placeholder: label === "From" ? "pod/shop/web-1 or 203.0.113.9" : "10.96.0.10:80 or web.shop:80",
    onchange: () => onPick(input.value.trim()),
  });
  input.hidden = isKnown;
  const reveal = (): void => {
    input.hidden = false;
    input.focus();
  };
  return element("div", { class: "picker" }, chosen, input);
}

function sources({ picture }: Analysis): readonly Option[] {
  return [
    { value: "internet", text: "internet" },
    { value: "node", text: "the node itself" },
    ...picture.pods.slice(0, 500).map((pod) => ({ value: `pod/${pod}`, text: `pod ${pod}`, group: "Pods" })),
  ];
}

function targets({ picture }: Analysis): readonly Option[] {
  return picture.services.flatMap(({ name, ports }) =>
    ports.flatMap((port) => [
      { value: `svc/${name}:${port.name}`, text: `${name}:${port.name}`, group: "Services" },
      ...port.doors
        .filter(({ kind }) => kind !== "node port")
        .map(({ kind, address }) => ({ value: address, text: `${address} (${kind} of ${name})`, group: "Addresses" })),
    ]),
  );
}

function answer({ explanation, problem }: PacketResult, view: TrafficView): HTMLElement {
  if (explanation === undefined)
    return element("p", { class: "verdict is-mixed", role: "status" }, problem ?? "no answer");
  const ways: readonly Way[] = [explanation, ...(explanation.otherWays ?? [])];
  return element(
    "div",
    { class: "answer" },
    ways.map((way) => verdictLine(way)),
    notes(explanation),
    paths(explanation, view),
  );
}

function verdictLine(way: Way): HTMLElement {
  const { tone, sentence } = verdictOf(way);
  return element("p", { class: `verdict is-${tone}`, role: "status" }, sentence);
}

function notes({ notes: said = [], assumptions, limits }: Way): HTMLElement | undefined {
  const all = [...said, ...assumptions, ...limits.map((one) => `not covered: ${one}`)];
  return all.length === 0
    ? undefined
    : element(
        "ul",
        { class: "notes" },
        all.map((one) => element("li", {}, `${one.slice(0, 1).toUpperCase()}${one.slice(1)}.`)),
      );
}

function paths({ outcomes }: Way, { path, onPath }: TrafficView): HTMLElement {
  const shown = outcomes[path] ?? outcomes[0];
  const title = outcomes.length === 1 ? "The steps" : `The steps of one of ${outcomes.length} paths`;
  return element(
    "section",
    { "aria-label": title },
    element("h3", {}, title),
    outcomes.length === 1
      ? undefined
      : element(
          "div",
          { class: "paths", role: "group", "aria-label": "Paths" },
          outcomes
            .slice(0, 24)
            .map((one, index) =>
              element(
                "button",
                { type: "button", class: "path", "aria-pressed": String(one === shown), onclick: () => onPath(index) },
                element("strong", {}, percent(one.share)),
                ` ${endOf(one)}`,
              ),
            ),
        ),
    shown === undefined ? undefined : steps(shown),
  );
}

function endOf({ verdict, pod, destination }: Outcome): string {
  return verdict === "delivered" ? (pod ?? destination ?? "delivered") : verdict;
}

function steps({ hops, verdict, destination, pod, rejectedWith }: Outcome): HTMLElement {
  const end = {
    delivered: `delivered to ${[pod, destination].filter(Boolean).join(", ")}`,
    rejected: `rejected with ${rejectedWith}`,
    dropped: "dropped",
    untouched: "continues without a change",
    unknown: "unknown",
  }[verdict];
  return element(
    "ol",
    { class: "steps" },
    hops.map(step),
    element("li", { class: `end is-${verdict}` }, element("p", { class: "words" }, end)),
  );
}

function step({ table, chain, rule, words, text, object, field, origin }: Outcome["hops"][number]): HTMLElement {
  const isAlways = object === "kube-proxy" || text === "";
  const link = object === undefined ? undefined : { object, field: field ?? "" };
  return element(
    "li",
    { ...linkTo(link), class: isAlways ? "is-always" : "is-own", tabindex: isAlways ? undefined : 0 },
    element(
      "p",
      { class: "where" },
      element("span", { class: "table" }, table),
      ` ${chain}${rule === null ? "" : ` ${rule}`}`,
    ),
    element("p", { class: "words" }, words),
    isAlways ? undefined : element("code", { class: "rule" }, text),
    isAlways || origin === ""
      ? undefined
      : element("p", { class: "origin" }, object === undefined ? origin : `from ${object} ${field ?? ""}`),
  );
}
