import { examples } from "../examples/examples.ts";
import type { FieldName, TextFile } from "../protocol.ts";
import { actions } from "./actions.ts";
import { createClient } from "./client.ts";
import { clientsTable } from "./clients.ts";
import { byId, choice, element, fill, refill } from "./dom.ts";
import { createEditor } from "./editor.ts";
import { drawMap, drawnServices } from "./map/draw.ts";
import { readFiles } from "./open-files.ts";
import { createPage, hasDifference, type Page, type Shown, serviceOf } from "./page.ts";
import { diffPane } from "./panes/diff.ts";
import { keyOf, linkAt, showLinked } from "./panes/links.ts";
import { problemsPane, summary } from "./panes/problems.ts";
import { rulesPane } from "./panes/rules.ts";
import { trafficPane } from "./panes/traffic.ts";
import { fromHash, longestLink, type PageState, type Pane, panes, shownFiles, toHash } from "./state.ts";
import { whatIf } from "./what-if.ts";

const nonce = document.querySelector("style")?.nonce ?? "";
const client = createClient(byId("engine").textContent ?? "");
const editor = createEditor(byId("editor"), nonce, { onChange: editText, onLine: linkLine });
const first = examples[0]?.state;
if (first === undefined) throw new Error("there is no example");
const page: Page = createPage(fromHash(location.hash) ?? first, client, scheduleRender);

let isScheduled = false;
/** Renders once for all changes of one turn. */
function scheduleRender(): void {
  if (isScheduled) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    render(page.shown());
  });
}

const parts: readonly { readonly of: (shown: Shown) => readonly unknown[]; readonly draw: (shown: Shown) => void }[] = [
  { of: ({ state, open }) => [state.files, state.proposed, state.side, open], draw: drawInput },
  { of: ({ problems, open, analysis }) => [problems, open, analysis], draw: drawProblems },
  {
    of: ({ analysis, packet, results, state }) => [analysis, packet, results, state.settings, mapWidth()],
    draw: drawMapSection,
  },
  { of: ({ analysis, state }) => [analysis, state.settings], draw: drawWhatIf },
  { of: ({ results }) => [results], draw: drawClients },
  { of: ({ state, problems, analysis }) => [state.pane, problems, analysis], draw: drawTabs },
  {
    of: (shown) => [shown.state.pane, shown.failure, ...paneInputs(shown)],
    draw: drawPane,
  },
  { of: ({ state }) => [state], draw: keepInLink },
];
const drawn = parts.map((): readonly unknown[] => []);

/** Draws the parts whose inputs differ from what they show. */
function render(shown: Shown): void {
  for (const [index, { of, draw }] of parts.entries()) {
    const inputs = of(shown);
    if (drawn[index]?.length === inputs.length && inputs.every((one, at) => one === drawn[index]?.[at])) continue;
    drawn[index] = inputs;
    draw(shown);
  }
}

function paneInputs({ state, analysis, packet, results, path, problems, diff, rulesFile }: Shown): readonly unknown[] {
  const inputs: Readonly<Record<Pane, readonly unknown[]>> = {
    traffic: [analysis, packet, results, path],
    rules: [analysis, rulesFile],
    problems: [problems],
    diff: [diff, state.proposed, state.settings],
  };
  return inputs[state.pane];
}

function drawInput({ state, open }: Shown): void {
  const files = shownFiles(state);
  const file = files[open] ?? files[0];
  if (file !== undefined) editor.show(file.name, file.text);
  const side = (name: PageState["side"], label: string, act: () => void): HTMLElement =>
    element("button", { type: "button", "aria-pressed": String(state.side === name), onclick: act }, label);
  refillById(
    "sides",
    element(
      "div",
      { class: "segmented", role: "group", "aria-label": "Side" },
      side("now", "Now", () => page.change({ side: "now" })),
      side("proposed", state.proposed === undefined ? "Propose a change" : "Proposed", propose),
    ),
  );
  refillById(
    "files",
    element(
      "div",
      { class: "files", role: "group", "aria-label": "Files" },
      files.map(({ name }, index) =>
        element(
          "button",
          { type: "button", "aria-pressed": String(index === open), onclick: () => page.show({ open: index }) },
          name,
        ),
      ),
      element(
        "button",
        {
          type: "button",
          "aria-label": "Add a file",
          onclick: () => addFiles([{ name: `file-${files.length + 1}.yaml`, text: "" }]),
        },
        "+",
      ),
      files.length > 1 && file !== undefined
        ? element(
            "button",
            {
              type: "button",
              "aria-label": `Remove ${file.name}`,
              onclick: () => setFiles(files.filter((one) => one !== file)),
            },
            "×",
          )
        : undefined,
    ),
  );
  fill(
    byId("input-note"),
    state.side === "proposed"
      ? "You edit the proposal. Diff compares it with Now."
      : "Drop files here: YAML, JSON, a zip, or the output of iptables-save.",
  );
}

function drawProblems({ problems = [], analysis }: Shown): void {
  editor.showProblems(problems.length > 0 ? problems : (analysis?.errors ?? []));
}

function mapWidth(): number {
  return Math.max(280, Math.floor(byId("map").clientWidth));
}

function drawMapSection(shown: Shown): void {
  const { analysis, state, results } = shown;
  if (analysis === undefined) return;
  const { picture } = analysis;
  const selected = serviceOf(shown);
  const explanation = results[0]?.explanation;
  const ways = explanation === undefined ? [] : [explanation, ...(explanation.otherWays ?? [])];
  const view = {
    picture,
    width: mapWidth(),
    selected,
    way: ways[0],
    down: state.settings.down,
    onClient: (client: "internet" | "pod" | "node") =>
      sendFrom(client === "pod" ? `pod/${picture.pods[0] ?? ""}` : client),
    onService: selectService,
  };
  const count = drawnServices(view).length;
  refillById(
    "map",
    picture.services.length === 0
      ? element("p", { class: "empty" }, "No Service yet. Paste one, or choose an example.")
      : drawMap(view),
  );
  const options = picture.services.map(({ name }) => ({ value: name }));
  refillById(
    "map-choice",
    count < picture.services.length
      ? choice(
          { label: `${count} of ${options.length.toLocaleString("en")} Services`, value: selected ?? "", options },
          selectService,
        )
      : undefined,
  );
}

function drawWhatIf({ analysis, state }: Shown): void {
  refillById(
    "what-if",
    whatIf(analysis, state.settings, (settings) => page.change({ settings })),
  );
}

function drawClients({ results }: Shown): void {
  refillById(
    "clients",
    clientsTable(results.slice(1), (packet) => page.change({ packet, pane: "traffic" })),
  );
}

const paneNames: Readonly<Record<Pane, string>> = {
  traffic: "Traffic",
  rules: "Rules",
  problems: "Problems",
  diff: "Diff",
};

function drawTabs({ state, problems, analysis }: Shown): void {
  const found = problems ?? analysis?.errors ?? [];
  const worst = found.find(({ severity }) => severity !== "info");
  const tab = (pane: Pane): HTMLElement => {
    const isOn = pane === state.pane;
    const count =
      pane === "problems" && found.length > 0
        ? element(
            "span",
            { class: `count-badge is-${worst?.severity ?? "info"}`, title: summary(found) },
            String(found.length),
          )
        : undefined;
    return element(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${pane}`,
        "aria-controls": "pane",
        "aria-selected": String(isOn),
        tabindex: isOn ? 0 : -1,
        onclick: () => page.change({ pane }),
      },
      paneNames[pane],
      count,
    );
  };
  refillById("tabs", panes.map(tab));
  byId("pane").setAttribute("aria-labelledby", `tab-${state.pane}`);
}

byId("tabs").addEventListener("keydown", ({ key }) => {
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? panes.length - 1 : 0;
  const pane = panes[(panes.indexOf(page.shown().state.pane) + step) % panes.length];
  if (step === 0 || pane === undefined) return;
  page.change({ pane });
  queueMicrotask(() => queueMicrotask(() => byId(`tab-${pane}`).focus()));
});

function drawPane(shown: Shown): void {
  const { state, analysis, failure } = shown;
  const text = failure === undefined ? "Reading…" : `The engine failed: ${failure}`;
  if (analysis !== undefined && failure === undefined) refillById("pane", paneContent(shown, state.pane));
  else
    refillById(
      "pane",
      element("p", { class: failure === undefined ? "empty" : "verdict is-bad", role: "status" }, text),
    );
}

function paneContent(shown: Shown, pane: Pane): readonly HTMLElement[] {
  const { state, analysis, packet } = shown;
  if (analysis === undefined) return [];
  const { errors } = analysis;
  const isBroken = errors.length > 0 && pane !== "problems";
  if (isBroken)
    return [
      element("p", { class: "verdict is-bad", role: "status" }, `The manifests have ${summary(errors)}.`),
      ...problemsPane(errors, openPlace),
    ];
  switch (pane) {
    case "traffic":
      if (packet === undefined) return [element("p", { class: "empty" }, "No Service to send a packet to.")];
      return [
        ...trafficPane({
          ...shown,
          analysis,
          packet,
          onPacket: (asked) => page.change({ packet: asked }),
          onPath: (path) => page.show({ path }),
          onNode: (node) => page.change({ settings: { ...state.settings, node } }),
        }),
      ];
    case "rules":
      return [
        ...rulesPane({
          analysis,
          file: shown.rulesFile,
          filter: shown.rulesFilter,
          service: serviceOf(shown),
          onFile: (rulesFile) => page.show({ rulesFile }),
          onFilter: (rulesFilter) => page.show({ rulesFilter }),
        }),
      ];
    case "problems":
      return [...problemsPane(shown.problems, openPlace)];
    case "diff":
      return [
        ...diffPane({
          answer: shown.diff,
          sides: sideNames(state),
          onPropose: hasDifference(state) ? undefined : propose,
        }),
      ];
  }
}

function sideNames({ proposed, settings: { down, scale } }: PageState): readonly [string, string] {
  const changes = [
    ...(down.length > 0 ? [`${down.join(", ")} down`] : []),
    ...Object.entries(scale).map(([name, count]) => `${count} replicas of ${name}`),
  ];
  const head = proposed === undefined ? "the same manifests" : "the proposal";
  return ["your manifests", changes.length === 0 ? head : `${head} with ${changes.join(" and ")}`];
}

function refillById(id: string, ...children: Parameters<typeof refill>[1][]): void {
  refill(byId(id), ...children);
}

function propose(): void {
  const { state } = page.shown();
  page.change({ side: "proposed", proposed: state.proposed ?? state.files });
}

function editText(text: string): void {
  const { state, open } = page.shown();
  setFiles(shownFiles(state).map((file, index) => (index === open ? { ...file, text } : file)));
}

function setFiles(files: readonly TextFile[]): void {
  const { state, open } = page.shown();
  page.show({ open: Math.min(open, files.length - 1) });
  page.change(state.side === "now" ? { files } : { proposed: files });
}

function addFiles(added: readonly TextFile[]): void {
  if (added.length === 0) return;
  const files = shownFiles(page.shown().state);
  const kept = files.filter(({ name, text }) => text.trim() !== "" && !added.some((one) => one.name === name));
  setFiles([...kept, ...added]);
  page.show({ open: kept.length });
}

function selectService(name: string): void {
  const { analysis, packet } = page.shown();
  const service = analysis?.picture.services.find((one) => one.name === name);
  const port = service?.ports[0];
  if (port === undefined) return;
  page.change({ packet: { from: packet?.from ?? "internet", to: `svc/${name}:${port.name}` } });
  highlight([{ object: `Service ${name}`, field: "" }]);
}

function sendFrom(from: string): void {
  const { packet } = page.shown();
  if (packet !== undefined) page.change({ packet: { ...packet, from } });
}

function openPlace(place: { readonly file: string; readonly from: number; readonly to: number }): void {
  const open = shownFiles(page.shown().state).findIndex(({ name }) => name === place.file);
  if (open < 0) return;
  page.show({ open });
  queueMicrotask(() => queueMicrotask(() => editor.focusAt(place)));
}

/** Shows fields everywhere: in the editor, in the steps and rules, and on the map. */
function highlight(fields: readonly FieldName[]): void {
  const keys = new Set(fields.map(keyOf));
  const ranges = page
    .shown()
    .places.filter(({ field }) => keys.has(keyOf(field)))
    .map(({ range }) => range);
  editor.mark(ranges, { scroll: true });
  showLinked(fields);
}

/** A line of the editor: what comes from its fields. */
function linkLine(from: number, to: number): void {
  const { places, state, open } = page.shown();
  const name = shownFiles(state)[open]?.name;
  const here = places.filter(({ range }) => range.file === name && range.from >= from && range.from <= to);
  showLinked(here.map(({ field }) => field));
}

for (const type of ["mouseover", "focusin"] as const) {
  byId("results").addEventListener(type, ({ target }) => {
    const field = linkAt(target);
    if (field !== undefined) highlight([field]);
  });
}
byId("results").addEventListener("mouseleave", () => highlight([]));

function keepInLink({ state }: Shown): void {
  const hash = toHash(state);
  if (hash.length <= longestLink) history.replaceState(null, "", `#${hash}`);
  else history.replaceState(null, "", location.pathname);
}

function announce(text: string): void {
  const announcer = byId("announcer");
  announcer.textContent = text;
  announcer.classList.add("is-shown");
  setTimeout(() => announcer.classList.remove("is-shown"), 4000);
}

async function share(): Promise<void> {
  if (toHash(page.shown().state).length > longestLink)
    return announce("The state is too large for a link. Save the manifests instead.");
  try {
    await navigator.clipboard.writeText(location.href);
    announce("The link is copied. It holds the whole state.");
  } catch {
    announce("The link is in the address bar. It holds the whole state.");
  }
}

async function redactAll(): Promise<void> {
  const { state } = page.shown();
  const files = await client.ask({ kind: "redact", files: shownFiles(state), settings: state.settings });
  if (files.length === 0) return announce("There is nothing to redact, or it has errors.");
  page.show({ open: 0 });
  page.change({ files, proposed: undefined, side: "now", packet: undefined });
  announce("Names and addresses are replaced.");
}

fill(
  byId("actions"),
  actions({
    examples,
    onExample: (index) => {
      const state = examples[index]?.state;
      if (state === undefined) return;
      page.show({ open: 0 });
      page.change(state);
    },
    onFiles: addFiles,
    onShare: () => void share(),
    onRedact: () => void redactAll(),
  }),
);

const input = byId("input");
input.addEventListener("dragover", (event) => event.preventDefault());
input.addEventListener(
  "drop",
  (event) => {
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    readFiles(files).then(addFiles, () => announce("The files cannot be read."));
  },
  { capture: true },
);

new ResizeObserver(scheduleRender).observe(byId("map"));
addEventListener("hashchange", () => {
  const state = fromHash(location.hash);
  if (state !== undefined) page.change(state);
});
render(page.shown());
