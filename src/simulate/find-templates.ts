import { at, type Place } from "../diagnostics/place.ts";
import { isRecord } from "../model/fields/fields.ts";
import { type Draft, type GivenObject, type GivenObjects, reportOn } from "./draft.ts";
import { workloadKinds } from "./pods/read-workload.ts";

/**
 * Fields in which a template is an error: elsewhere, text in braces may be meant for another program, as in a
 * dashboard.
 */
const ofServices = [["metadata", "name"], ["metadata", "namespace"], ["metadata", "labels"], ["spec"]];
const ofWorkloads = [
  ...ofServices.slice(0, 3),
  ["spec", "replicas"],
  ["spec", "selector"],
  ["spec", "template", "metadata", "labels"],
];

/** Reports manifests with unrendered templates, once per object. */
export function reportTemplates(given: GivenObjects, draft: Draft): void {
  for (const service of given.Service) reportTemplate(service, ofServices, draft);
  for (const kind of workloadKinds) for (const workload of given[kind]) reportTemplate(workload, ofWorkloads, draft);
}

function reportTemplate(object: GivenObject, paths: readonly (readonly string[])[], draft: Draft): void {
  for (const path of paths) {
    let value: unknown = object.input.value;
    for (const key of path) value = isRecord(value) ? value[key] : undefined;
    const found = findTemplate(value, path.reduce<Place>(at, object.input.place));
    if (found === undefined) continue;
    reportOn(draft, object)("template-not-rendered", found.place, { text: found.text });
    return;
  }
}

interface Found {
  readonly text: string;
  readonly place: Place;
}

/** Unquoted, `{{ .Values.port }}` is a mapping in a mapping to YAML. */
function findTemplate(value: unknown, place: Place): Found | undefined {
  if (typeof value === "string") return value.includes("{{") ? { text: value, place } : undefined;
  if (Array.isArray(value))
    return firstOf(
      value.map((item, index) => [index, item]),
      place,
    );
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value);
  const [first] = entries;
  const isBraces = entries.length === 1 && first?.[1] === null && /^(?:\{|\[object)/.test(first[0]);
  return isBraces ? { text: "{{ ... }}", place } : firstOf(entries, place);
}

function firstOf(entries: readonly (readonly [string | number, unknown])[], place: Place): Found | undefined {
  for (const [key, value] of entries) {
    const found = findTemplate(value, at(place, key));
    if (found !== undefined) return found;
  }
  return undefined;
}
