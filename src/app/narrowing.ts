import { servicesInClusters, servicesInRules } from "../filter/known-services.ts";
import { createNarrowing, type Known, type Narrowing } from "../filter/narrowing.ts";
import {
  describeUnmatched,
  isMeant,
  type KnownService,
  namedParts,
  type ServiceFilter,
} from "../filter/service-filter.ts";
import type { Cluster } from "../model/cluster.ts";
import { type Effects, Failure } from "./effects.ts";
import type { NarrowRequest } from "./requests.ts";

/** What is known of Services. */
export interface Knowledge {
  /** Empty: only rules were given. */
  readonly clusters: readonly Cluster[];
  /** Services of a state besides those of the clusters: objects with errors. */
  readonly others?: readonly KnownService[] | undefined;
  /** Rules that hosts have: they are only looked at where no state knows a Service that is asked for. */
  readonly lines: () => Iterable<string>;
}

/**
 * The narrowing that is requested; undefined where all is shown. Fails where the filter matches no Service there is: an
 * empty answer would read like a good one. Of several names, one that nothing has is a notice.
 */
export function narrowingOf(
  request: NarrowRequest,
  { clusters, others, lines }: Knowledge,
  { onNotice }: Pick<Effects, "onNotice">,
): Narrowing | undefined {
  const filter = filterOf(request);
  if (filter === undefined) return undefined;
  const hasState = clusters.length > 0 || others !== undefined;
  if (filter.selector !== undefined && !hasState)
    throw new Failure("-l needs labels, and rules have none: pass the state too, with -f", "usage");
  const { services, owners } = servicesInClusters(clusters);
  const known: Known = { services: [...services, ...(others ?? [])], owners };
  const isAsked = (part: ServiceFilter, among: readonly KnownService[]): boolean =>
    among.some((service) => isMeant(part, service));
  const parts = [filter, ...namedParts(filter)].filter((part) => !isAsked(part, known.services));
  const all = parts.length === 0 ? known.services : [...known.services, ...servicesInRules(lines())];
  // Rules may name nobody: nothing can be said of whom they leave out.
  const unmatched = hasState || all.length > 0 ? parts.filter((part) => !isAsked(part, all)) : [];
  if (unmatched.includes(filter)) throw new Failure(describeUnmatched(filter, all), "invalid-input");
  for (const part of unmatched) onNotice({ kind: "note", text: describeUnmatched(part, all) });
  return createNarrowing(filter, known);
}

/** The filter that a request asks for; undefined: all is shown. */
export function filterOf({ namespace = [], selector, service = [] }: NarrowRequest): ServiceFilter | undefined {
  if (namespace.length === 0 && selector === undefined && service.length === 0) return undefined;
  return { namespaces: namespace, selector, services: service };
}
