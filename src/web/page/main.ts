import { createClient } from "./client.ts";
import { announce, createCommands, keepInLink } from "./commands.ts";
import { byId } from "./dom.ts";
import { createEditor } from "./editor.ts";
import { examples } from "./examples.ts";
import { linkLine, linkResults } from "./linking.ts";
import { readFiles } from "./open-files.ts";
import { createPage, type Shown } from "./page.ts";
import { createSections, type Section } from "./sections.ts";
import { fromHash, shownFiles } from "./state.ts";

const initial = fromHash(location.hash) ?? examples[0]?.state;
if (initial === undefined) throw new Error("there is no example to start with");

// In a page of the documentation, what a step shows comes first.
if (window.parent !== window) {
  document.documentElement.dataset.framed = "";
  document.querySelector("main")?.prepend(byId("results"), byId("map-section"));
}

let timer: ReturnType<typeof setTimeout> | undefined;
const client = createClient(byId("engine").textContent ?? "");
const page = createPage(initial, client, renderSoon);
const nonce = document.querySelector("style")?.nonce ?? "";
const editor = createEditor(byId("editor"), nonce, {
  onChange: (text) => commands.editText(text),
  onLine: (from, to) => linkLine(page, from, to),
});
const commands = createCommands(page, client, editor.focusAt);
const sections: readonly Section[] = [
  {
    inputs: ({ state, open }) => [shownFiles(state)[open]],
    draw: ({ state, open }) => {
      const file = shownFiles(state)[open];
      if (file !== undefined) editor.show(file.name, file.text);
    },
  },
  ...createSections(page, commands),
  {
    inputs: ({ problems, analysis, open }) => [problems, analysis, open],
    draw: ({ problems, analysis }) => editor.showProblems(problems ?? analysis?.errors ?? []),
  },
  { inputs: ({ state }) => [state], draw: ({ state }) => keepInLink(state) },
];
const drawn = new Map<Section, readonly unknown[]>();

/** Draws the sections whose inputs differ from what they show. */
function render(shown: Shown): void {
  for (const section of sections) {
    const inputs = section.inputs(shown);
    const before = drawn.get(section);
    if (before?.length === inputs.length && inputs.every((one, index) => one === before[index])) continue;
    drawn.set(section, inputs);
    section.draw(shown);
  }
}

/** Renders once for all changes of one turn. */
function renderSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => render(page.shown()));
}

linkResults(page, editor);
new ResizeObserver(renderSoon).observe(byId("map"));
addEventListener("hashchange", () => {
  const state = fromHash(location.hash);
  if (state !== undefined) commands.showState(state);
});

const input = byId("input");
input.addEventListener("dragover", (event) => event.preventDefault());
input.addEventListener(
  "drop",
  (event) => {
    event.preventDefault();
    event.stopPropagation();
    readFiles([...(event.dataTransfer?.files ?? [])]).then(commands.addFiles, () =>
      announce("The files cannot be read."),
    );
  },
  { capture: true },
);
render(page.shown());
