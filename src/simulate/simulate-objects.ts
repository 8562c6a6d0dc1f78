import type { Sink } from "../diagnostics/diagnostic.ts";
import { at, type Place } from "../diagnostics/place.ts";
import { type Family, families } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import type { Allocations } from "./allocate.ts";
import { reportOldVersions, reportOverlaps, reportUnknownNames } from "./checks.ts";
import { serviceFamilies } from "./claims.ts";
import { completeServices, type SimulatedService } from "./complete-services.ts";
import { type Draft, type GivenObject, type GivenObjects, type InventedObject, reportOn, sortGiven } from "./draft.ts";
import { type SimulateOptions, settingsOf } from "./options.ts";
import { type PodPlan, planPods } from "./pods/plan-pods.ts";
import { workloadKinds } from "./pods/read-workload.ts";
import { hasRun, simulatePods } from "./pods/simulate-pods.ts";
import { readNode, simulateNodes } from "./simulate-nodes.ts";
import { simulateSlices } from "./simulate-slices.ts";
import { isGiven, recordOf, type Value } from "./values.ts";

/** The objects that a cluster would have made from the given ones. */
interface Simulation {
  /** Given objects that have more fields now. */
  readonly changed: ReadonlyMap<InputObject, Value>;
  readonly invented: readonly InventedObject[];
  readonly removed: ReadonlySet<InputObject>;
  /** The allocations by name, for the other side of a comparison. */
  readonly held: Allocations;
}

interface SimulationRequest {
  readonly options: SimulateOptions;
  /** The allocations of another state. */
  readonly held: Allocations;
  /** `shop/web` of Services whose given slices are out of date. */
  readonly stale: ReadonlySet<string>;
  readonly sink: Sink;
}

/**
 * Simulates the control plane: completes objects as a cluster would, and makes the missing Nodes, Pods and
 * EndpointSlices. Given values are kept.
 */
export function simulateObjects(
  objects: readonly InputObject[],
  { options, held, stale, sink }: SimulationRequest,
): Simulation {
  const given = sortGiven(objects);
  const draft: Draft = { settings: settingsOf(options), held: new Map(held), sink, ...emptyDraft(stale) };
  reportTemplates(given, draft);
  reportOldVersions(objects, draft);
  reportOverlaps(draft);
  const services = completeServices(given.Service, draft);
  const wanted = familiesInUse(services, draft);
  const plans = planPods(given, draft);
  const hasNewPods = plans.some(lacksPods) || given.Pod.some((pod) => !hasRun(pod));
  const nodes = simulateNodes(given, { wanted, hasNewPods }, draft);
  const pods = simulatePods({ given, plans, nodes, families: wanted }, draft);
  simulateSlices({ given, services, pods, nodes }, draft);
  reportUnknownNames({ given, nodes, pods }, draft);
  return draft;
}

/** Recomputes only the endpoints: new slices of stale Services from the given pods. Nothing else changes. */
export function recomputeEndpoints(
  objects: readonly InputObject[],
  stale: ReadonlySet<string>,
  sink: Sink,
): Simulation {
  const given = sortGiven(objects);
  const settings = settingsOf({});
  const draft: Draft = { settings, held: new Map(), sink, ...emptyDraft(stale) };
  const services = given.Service.filter(({ key }) => stale.has(key)).map((service) => {
    const spec = recordOf(service.input.value.spec);
    return { given: service, spec, families: serviceFamilies(spec, settings) };
  });
  const nodes = given.Node.map(({ input }) => readNode(input.value));
  simulateSlices({ given, services, pods: given.Pod.map(({ input }) => input.value), nodes }, draft);
  return draft;
}

function emptyDraft(stale: ReadonlySet<string>): Pick<Draft, "changed" | "invented" | "removed" | "stale"> {
  return { changed: new Map(), invented: [], removed: new Set(), stale: new Set(stale) };
}

function lacksPods({ workload, existing, missing }: PodPlan): boolean {
  return workload.kind === "DaemonSet" ? existing === 0 : missing > 0;
}

/** The primary family of the cluster, then the other one if a Service uses it. */
function familiesInUse(services: readonly SimulatedService[], { settings }: Draft): readonly Family[] {
  const used = new Set(services.filter(({ spec }) => isGiven(spec.selector)).flatMap((service) => service.families));
  const [primary = "ipv4"] = settings.serviceCidrs.map(({ family }) => family);
  return [primary, ...families.filter((family) => family !== primary && used.has(family))];
}

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
function reportTemplates(given: GivenObjects, draft: Draft): void {
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
