import type { Analysis, RuleFile } from "../../protocol.ts";
import { choice, element, fill } from "../dom.ts";
import { linkTo } from "./links.ts";

export interface RulesView {
  readonly analysis: Analysis;
  readonly file: string | undefined;
  readonly filter: string;
  readonly onFile: (file: string) => void;
  readonly onFilter: (filter: string) => void;
}

/** The files of the script; of a long one only the visible lines are elements. */
export function rulesPane(view: RulesView): readonly HTMLElement[] {
  const { analysis, onFile, onFilter, filter } = view;
  const file = analysis.rules.find(({ name }) => name === view.file) ?? analysis.rules[0];
  if (file === undefined)
    return [element("p", { class: "empty" }, "No rules: the state has errors, or holds nothing.")];
  const own = countOwn(file);
  const list = element("div", { class: "rules", tabindex: 0, role: "region", "aria-label": `Lines of ${file.name}` });
  const count = element("p", { class: "count", role: "status" });
  const show = (text: string): void => {
    const lines = selectLines(file, text);
    const ofObjects = own === 0 ? "" : `, ${own} of them from your objects`;
    fill(count, `${file.lines.length} lines${ofObjects}`, text === "" ? "" : `; ${lines.length} shown`);
    virtualise(list, file, lines);
  };
  const input = element("input", {
    type: "search",
    value: filter,
    placeholder: "Service, chain or address",
    oninput: () => {
      onFilter(input.value);
      show(input.value);
    },
  });
  show(filter);
  return [
    element(
      "div",
      { class: "bar" },
      choice({ label: "File", value: file.name, options: analysis.rules.map(({ name }) => ({ value: name })) }, onFile),
      element("label", { class: "field grows" }, element("span", {}, "Filter"), input),
    ),
    element(
      "p",
      { class: "command" },
      file.command === undefined ? "From the dump" : "Load with ",
      file.command === undefined ? undefined : element("code", {}, `${file.command} < ${file.name}`),
    ),
    count,
    list,
  ];
}

function countOwn({ originOf, origins }: RuleFile): number {
  return originOf.filter((index) => index >= 0 && origins[index]?.object !== "kube-proxy").length;
}

function selectLines({ lines, originOf, origins }: RuleFile, filter: string): readonly number[] {
  const numbers = lines.map((_, index) => index);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return numbers;
  return numbers.filter((index) => {
    const origin = origins[originOf[index] ?? -1];
    const text = `${lines[index]} ${origin?.object ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

const lineHeight = 22;

/** Fills a list with the lines that can be seen, and does so again as it scrolls. */
function virtualise(list: HTMLElement, file: RuleFile, lines: readonly number[]): void {
  const longest = lines.reduce((most, index) => Math.max(most, file.lines[index]?.length ?? 0), 0);
  const canvas = element("div", { class: "canvas" });
  canvas.style.height = `${lines.length * lineHeight}px`;
  canvas.style.width = `calc(${longest}ch + 5rem)`;
  const draw = (): void => {
    const first = Math.max(0, Math.floor(list.scrollTop / lineHeight) - 10);
    const count = Math.ceil((list.clientHeight || 600) / lineHeight) + 20;
    fill(
      canvas,
      lines.slice(first, first + count).map((index, offset) => row(file, index, (first + offset) * lineHeight)),
    );
  };
  list.onscroll = draw;
  list.scrollTop = 0;
  fill(list, canvas);
  draw();
}

function row(file: RuleFile, index: number, top: number): HTMLElement {
  const origin = file.origins[file.originOf[index] ?? -1];
  const made = element(
    "div",
    { class: "line", ...linkTo(origin) },
    element("span", { class: "number", "aria-hidden": "true" }, String(index + 1)),
    element("code", {}, file.lines[index] ?? ""),
  );
  made.style.top = `${top}px`;
  return made;
}
