import { kubeProxyVersions, proxyModes } from "../../index.ts";
import { type Analysis, defaultSettings, type Settings } from "../protocol.ts";
import { choice, element } from "./dom.ts";

/** The toggles below the map: kube-proxy, and what the simulated cluster is like. */
export function whatIf(
  analysis: Analysis | undefined,
  settings: Settings,
  onChange: (settings: Settings) => void,
): readonly HTMLElement[] {
  const proxy = [
    choice(
      {
        label: "Mode",
        value: settings.mode ?? "",
        options: [{ value: "", text: "as configured" }, ...proxyModes.map((value) => ({ value }))],
      },
      (value) => onChange({ ...settings, mode: proxyModes.find((mode) => mode === value) }),
    ),
    choice(
      {
        label: "kube-proxy",
        value: settings.version ?? "",
        options: [
          { value: "", text: `newest (${kubeProxyVersions.at(-1)})` },
          ...kubeProxyVersions.map((value) => ({ value })),
        ],
      },
      (value) => onChange({ ...settings, version: kubeProxyVersions.find((version) => version === value) }),
    ),
  ];
  if (analysis?.simulated === undefined) return [element("div", { class: "toggles" }, proxy)];
  const counts = Array.from({ length: 8 }, (_, index) => ({ value: String(index + 1) }));
  return [
    element(
      "div",
      { class: "toggles" },
      proxy,
      choice({ label: "Nodes", value: String(settings.nodes), options: counts }, (value) =>
        onChange({ ...settings, nodes: Number(value) }),
      ),
    ),
    nodeToggles(analysis, settings, onChange),
    ...(analysis.picture.workloads.length > 0 ? [replicas(analysis, settings, onChange)] : []),
    element("p", { class: "under" }, `Simulated around your manifests: ${analysis.simulated}.`),
  ];
}

function nodeToggles({ picture }: Analysis, settings: Settings, onChange: (settings: Settings) => void): HTMLElement {
  const { down } = settings;
  return element(
    "fieldset",
    { class: "chips" },
    element("legend", {}, "Down"),
    picture.nodes.map((name) => {
      const isDown = down.includes(name);
      const other = isDown ? down.filter((one) => one !== name) : [...down, name];
      return element(
        "label",
        {},
        element("input", { type: "checkbox", checked: isDown, onchange: () => onChange({ ...settings, down: other }) }),
        name,
      );
    }),
  );
}

function replicas({ picture }: Analysis, settings: Settings, onChange: (settings: Settings) => void): HTMLElement {
  return element(
    "fieldset",
    { class: "chips" },
    element("legend", {}, "Replicas"),
    picture.workloads.slice(0, 12).map(({ name, replicas: count }) => {
      const input = element("input", {
        type: "number",
        min: 0,
        max: 50,
        value: settings.scale[name] ?? count,
        onchange: () => {
          const next = Math.max(0, Math.min(50, Math.round(Number(input.value)) || 0));
          onChange({ ...settings, scale: { ...settings.scale, [name]: next } });
        },
      });
      return element("label", {}, name.replace(/^.*\//, ""), input);
    }),
    settings.scale !== defaultSettings.scale && Object.keys(settings.scale).length > 0
      ? element(
          "button",
          { type: "button", class: "as-link", onclick: () => onChange({ ...settings, scale: {} }) },
          "as written",
        )
      : undefined,
  );
}
