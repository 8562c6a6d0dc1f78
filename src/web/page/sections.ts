import { actions } from "./actions.ts";
import { clientsTable } from "./clients.ts";
import type { Commands } from "./commands.ts";
import { byId, choice, element, fill, refill } from "./dom.ts";
import { examples } from "./examples.ts";
import { drawMap, drawnServices } from "./map/draw.ts";
import type { ClientId } from "./map/layout.ts";
import { hasDifference, type Page, type Shown, serviceOf } from "./page.ts";
import { diffPane } from "./panes/diff.ts";
import { problemsPane, summary } from "./panes/problems.ts";
import { rulesPane } from "./panes/rules.ts";
import { trafficPane } from "./panes/traffic.ts";
import { type PageState, type Pane, panes, shownFiles } from "./state.ts";
import { whatIf } from "./what-if.ts";

/** A part of the page: it is drawn again when one of its inputs is another. */
export interface Section {
  readonly inputs: (shown: Shown) => readonly unknown[];
  readonly draw: (shown: Shown) => void;
}

/** The parts of the page but for the editor. */
export function createSections(page: Page, commands: Commands): readonly Section[] {
  fill(
    byId("actions"),
    actions({
      examples,
      onExample: (index) => examples[index] && commands.showState(examples[index].state),
      onFiles: commands.addFiles,
      onShare: commands.share,
      onRedact: commands.redact,
    }),
  );
  return [
    {
      inputs: ({ state, open }) => [state.files, state.proposed, state.side, open],
      draw: (shown) => drawFiles(shown, page, commands),
    },
    {
      inputs: ({ analysis, packet, results, state }) => [analysis, packet, results, state.settings, mapWidth()],
      draw: (shown) => drawMapSection(shown, commands),
    },
    {
      inputs: ({ analysis, state }) => [analysis, state.settings],
      draw: ({ analysis, state }) =>
        refill(
          byId("what-if"),
          whatIf(analysis, state.settings, (settings) => page.change({ settings })),
        ),
    },
    {
      inputs: ({ results }) => [results],
      draw: ({ results }) => refill(byId("clients"), clientsTable(results.slice(1), commands.sendPacket)),
    },
    {
      inputs: ({ state, problems, analysis, isBusy }) => [state.pane, problems, analysis, isBusy],
      draw: (shown) => drawTabs(shown, page),
    },
    { inputs: paneInputs, draw: (shown) => refill(byId("pane"), paneContent(shown, page, commands)) },
  ];
}

function drawFiles({ state, open }: Shown, page: Page, commands: Commands): void {
  const files = shownFiles(state);
  const file = files[open] ?? files[0];
  const pressed = (isOn: boolean, label: string, act: () => void): HTMLElement =>
    element("button", { type: "button", "aria-pressed": String(isOn), onclick: act }, label);
  const isNow = state.side === "now";
  const proposal = state.proposed === undefined ? "Propose a change" : "Proposed";
  refill(
    byId("sides"),
    element(
      "div",
      { class: "segmented", role: "group", "aria-label": "Side" },
      pressed(isNow, "Now", () => page.change({ side: "now" })),
      pressed(!isNow, proposal, commands.propose),
    ),
  );
  const button = (label: string, text: string, act: () => void): HTMLElement =>
    element("button", { type: "button", "aria-label": label, onclick: act }, text);
  const added = { name: `file-${files.length + 1}.yaml`, text: "" };
  refill(
    byId("files"),
    element(
      "div",
      { class: "files", role: "group", "aria-label": "Files" },
      files.map(({ name }, index) => pressed(index === open, name, () => page.show({ open: index }))),
      button("Add a file", "+", () => commands.addFiles([added])),
      files.length > 1 && file !== undefined
        ? button(`Remove ${file.name}`, "×", () => commands.setFiles(files.filter((one) => one !== file)))
        : undefined,
    ),
  );
  const note = isNow
    ? "Drop files here: YAML, JSON, a zip, or the output of iptables-save."
    : "You edit the proposal. Diff compares it with Now.";
  fill(byId("input-note"), note);
}

function mapWidth(): number {
  return Math.max(280, Math.floor(byId("map").clientWidth));
}

function drawMapSection(shown: Shown, { sendPacket, selectService }: Commands): void {
  const { analysis, state, results } = shown;
  if (analysis === undefined) return;
  const { picture } = analysis;
  const [pod] = picture.pods;
  const senders: Readonly<Record<ClientId, string | undefined>> = {
    internet: "internet",
    pod: pod && `pod/${pod}`,
    node: "node",
  };
  const view = {
    picture,
    width: mapWidth(),
    selected: serviceOf(shown),
    way: results[0]?.explanation,
    down: state.settings.down,
    onClient: (client: ClientId) => {
      const from = senders[client];
      if (from !== undefined) sendPacket({ from });
    },
    onService: selectService,
  };
  const { services } = picture;
  const hint =
    analysis.rules.length > 0 ? "A dump holds no objects: add their manifests." : "Paste one, or choose an example.";
  const nothing = element("p", { class: "empty" }, `No Service to draw. ${hint}`);
  refill(byId("map"), services.length === 0 ? nothing : drawMap(view));
  const count = drawnServices(view).length;
  const label = `${count} of ${services.length.toLocaleString("en")} Services`;
  const options = services.map(({ name }) => ({ value: name }));
  const isPart = count < services.length;
  refill(
    byId("map-choice"),
    isPart ? choice({ label, value: view.selected ?? "", options }, selectService) : undefined,
  );
}

const paneNames: Readonly<Record<Pane, string>> = {
  traffic: "Traffic",
  rules: "Rules",
  problems: "Problems",
  diff: "Diff",
};

function drawTabs({ state, problems, analysis, isBusy }: Shown, page: Page): void {
  const found = problems ?? analysis?.errors ?? [];
  const worst = found[0]?.severity ?? "info";
  const badge = element("span", { class: `count-badge is-${worst}`, title: summary(found) }, String(found.length));
  const go = (pane: Pane): void => page.change({ pane });
  const tab = (pane: Pane): HTMLElement => {
    const isOn = pane === state.pane;
    const attributes = { type: "button", role: "tab", id: `tab-${pane}`, "aria-controls": "pane" };
    return element(
      "button",
      { ...attributes, "aria-selected": String(isOn), tabindex: isOn ? 0 : -1, onclick: () => go(pane) },
      paneNames[pane],
      pane === "problems" && found.length > 0 ? badge : undefined,
    );
  };
  const hasFocus = byId("tabs").contains(document.activeElement);
  fill(byId("tabs"), panes.map(tab));
  if (hasFocus) byId(`tab-${state.pane}`).focus();
  byId("pane").setAttribute("aria-labelledby", `tab-${state.pane}`);
  byId("results").setAttribute("aria-busy", String(isBusy));
  byId("tabs").onkeydown = ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: panes.length - 1 }[key];
    const pane = step === undefined ? undefined : panes[(panes.indexOf(state.pane) + step) % panes.length];
    if (pane !== undefined) go(pane);
  };
}

function paneInputs({ failure, state, rulesFile, ...shown }: Shown): readonly unknown[] {
  const { analysis, packet, results, path, problems, diff } = shown;
  const inputs: Readonly<Record<Pane, readonly unknown[]>> = {
    traffic: [analysis, packet, results, path],
    rules: [analysis, rulesFile],
    problems: [analysis, problems],
    diff: [analysis, diff, state.proposed, state.settings],
  };
  return [failure, state.pane, ...inputs[state.pane]];
}

function paneContent(shown: Shown, page: Page, commands: Commands): readonly HTMLElement[] {
  const { analysis, failure, state, problems } = shown;
  const said = (kind: string, text: string): HTMLElement => element("p", { class: kind, role: "status" }, text);
  if (failure !== undefined) return [said("verdict is-bad", `The engine failed: ${failure}`)];
  if (analysis === undefined) return [said("empty", "Reading…")];
  const { errors } = analysis;
  if (state.pane === "problems") return problemsPane(problems, commands.openPlace);
  if (errors.length === 0) return resultPane({ ...shown, analysis }, page, commands);
  return [
    said("verdict is-bad", `The manifests have ${summary(errors)}.`),
    ...problemsPane(errors, commands.openPlace),
  ];
}

type Analysed = Shown & { readonly analysis: NonNullable<Shown["analysis"]> };

function resultPane(shown: Analysed, page: Page, commands: Commands): readonly HTMLElement[] {
  const { state, packet, diff } = shown;
  switch (state.pane) {
    case "traffic":
      if (packet === undefined) return [element("p", { class: "empty" }, "No Service to send a packet to.")];
      return trafficPane({
        ...shown,
        packet,
        onPacket: commands.sendPacket,
        onPath: (path) => page.show({ path }),
        onNode: (node) => page.change({ settings: { ...state.settings, node } }),
      });
    case "rules":
      return rulesPane({
        analysis: shown.analysis,
        file: shown.rulesFile,
        filter: shown.rulesFilter,
        onFile: (rulesFile) => page.show({ rulesFile }),
        onFilter: (rulesFilter) => page.show({ rulesFilter }),
      });
    case "problems":
      return [];
    case "diff": {
      const onPropose = hasDifference(state) ? undefined : commands.propose;
      return diffPane({ answer: diff, sides: sideNames(state), onPropose });
    }
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
