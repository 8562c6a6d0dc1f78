import type { FileRange, Problem } from "../../protocol.ts";
import { element } from "../dom.ts";

/** The findings of `check`, worst first; a place leads to the editor. */
export function problemsPane(
  problems: readonly Problem[] | undefined,
  onPlace: (place: FileRange) => void,
): readonly HTMLElement[] {
  if (problems === undefined) return [element("p", { class: "empty", role: "status" }, "Checking…")];
  if (problems.length === 0)
    return [element("p", { class: "empty is-good", role: "status" }, "No problems found in the state or the rules.")];
  const shown = problems.slice(0, 200);
  return [
    element("p", { class: "count", role: "status" }, summary(problems)),
    element(
      "ul",
      { class: "problems" },
      shown.map((problem) => item(problem, onPlace)),
    ),
  ];
}

/** `1 error, 2 warnings` */
export function summary(problems: readonly Problem[]): string {
  const counts = (["error", "warning", "info"] as const).map((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    if (count === 0) return "";
    return severity === "info" ? `${count} info` : `${count} ${severity}${count === 1 ? "" : "s"}`;
  });
  return counts.filter((text) => text !== "").join(", ");
}

function item(problem: Problem, onPlace: (place: FileRange) => void): HTMLElement {
  const { severity, code, message, object, hint, place, at } = problem;
  return element(
    "li",
    { class: `problem is-${severity}` },
    element(
      "p",
      { class: "head" },
      element("strong", {}, severity),
      " ",
      element("code", {}, code),
      object === undefined ? "" : ` ${object}`,
    ),
    element("p", {}, message),
    hint === undefined ? undefined : element("p", { class: "hint" }, hint),
    place === undefined
      ? undefined
      : element("button", { type: "button", class: "as-link", onclick: () => onPlace(place) }, at ?? place.file),
  );
}
