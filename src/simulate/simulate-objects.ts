import type { Sink } from "../diagnostics/diagnostic.ts";
import { type Family, families } from "../model/address.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import type { Holdings } from "./allocate.ts";
import type { Draft, InventedObject } from "./draft.ts";
import { type GivenObjects, sortGiven } from "./given.ts";
import { type SimulateOptions, settingsOf } from "./options.ts";
import { workloadsWithoutPods } from "./pods/expand-workloads.ts";
import { hasRun, simulatePods } from "./pods/simulate-pods.ts";
import { completeServices, type SimulatedService } from "./services/complete-services.ts";
import { simulateNodes } from "./simulate-nodes.ts";
import { simulateSlices } from "./slices/simulate-slices.ts";
import { isGiven, type Value } from "./values.ts";

/** What a cluster would have made of the objects it was given. */
export interface Simulation {
  /** Given objects that have more fields now. */
  readonly changed: ReadonlyMap<InputObject, Value>;
  readonly invented: readonly InventedObject[];
  /** What was allocated to whom; for the other side of a comparison. */
  readonly held: Holdings;
}

/**
 * The control plane's part: gives objects what a cluster would fill in, and makes the Nodes, Pods and EndpointSlices
 * that are missing. What is given stays as it is. `held` is what another state has allocated.
 */
export function simulateObjects(
  objects: readonly InputObject[],
  { options, held, sink }: { readonly options: SimulateOptions; readonly held: Holdings; readonly sink: Sink },
): Simulation {
  const given = sortGiven(objects);
  const draft: Draft = { settings: settingsOf(options), held: new Map(held), sink, changed: new Map(), invented: [] };
  const services = completeServices(given.Service, draft);
  const wanted = familiesInUse(services, given, draft);
  const workloads = workloadsWithoutPods(given, draft);
  const hasNewPods = workloads.length > 0 || given.Pod.some((pod) => !hasRun(pod));
  const nodes = simulateNodes(given, { wanted, hasNewPods }, draft);
  const pods = simulatePods({ given, workloads, nodes, families: wanted }, draft);
  simulateSlices({ given, services, pods, nodes }, draft);
  return { changed: draft.changed, invented: draft.invented, held: draft.held };
}

/** The cluster's primary family, and the other as soon as a Service uses it: the first of them in front. */
function familiesInUse(services: readonly SimulatedService[], _: GivenObjects, { settings }: Draft): readonly Family[] {
  const used = new Set(services.filter(({ spec }) => isGiven(spec.selector)).flatMap((service) => service.families));
  const [primary = "ipv4"] = settings.serviceCidrs.map(({ family }) => family);
  return [primary, ...families.filter((family) => family !== primary && used.has(family))];
}
