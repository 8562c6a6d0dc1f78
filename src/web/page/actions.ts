import type { TextFile } from "../protocol.ts";
import { choice, element } from "./dom.ts";
import { readFiles } from "./open-files.ts";

export interface ActionsView {
  readonly examples: readonly { readonly title: string; readonly group: string }[];
  readonly onExample: (index: number) => void;
  readonly onFiles: (files: readonly TextFile[]) => void;
  readonly onShare: () => void;
  readonly onRedact: () => void;
}

/** The buttons of the page's head. */
export function actions(view: ActionsView): readonly HTMLElement[] {
  const options = view.examples.map(({ title, group }, index) => ({ value: String(index), text: title, group }));
  const examples = choice(
    { label: "Example", value: "", options: [{ value: "", text: "choose…" }, ...options] },
    (value) => {
      if (value !== "") view.onExample(Number(value));
    },
  );
  const input = element("input", {
    type: "file",
    multiple: true,
    "aria-label": "Open files",
    class: "unseen",
    tabindex: -1,
    onchange: () => openAll(),
  });
  const openAll = async (): Promise<void> => {
    view.onFiles(await readFiles([...(input.files ?? [])]));
  };
  return [
    examples,
    element("button", { type: "button", onclick: () => input.click() }, "Open files"),
    input,
    element(
      "button",
      { type: "button", onclick: view.onRedact, title: "Replace names and addresses, to share the state" },
      "Redact",
    ),
    element("button", { type: "button", class: "primary", onclick: view.onShare }, "Copy link"),
    element("button", { type: "button", class: "icon", "aria-label": "Light or dark", onclick: toggleTheme }, "◐"),
  ];
}

function toggleTheme(): void {
  const { dataset } = document.documentElement;
  const isDark =
    dataset.theme === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : dataset.theme === "dark";
  dataset.theme = isDark ? "light" : "dark";
}
