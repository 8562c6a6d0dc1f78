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

/** The Services known from states and rules. */
export interface Knowledge {
  /** Empty: only rules were given. */
  readonly clusters: readonly Cluster[];
  /** Services of a state besides those of the clusters: objects with errors. */
  readonly others?: readonly KnownService[] | undefined;
  /** Rules of the hosts: read only if no state contains a selected Service. */
  readonly lines: () => Iterable<string>;
}

/**
 * The requested narrowing; undefined if everything is shown. Throws if no Service matches the filter: an empty result
 * would look like success. If only one of several names is unknown, that is a notice.
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
  // Rules may not name any Service: then a selected name cannot be called unknown.
  const unmatched = hasState || all.length > 0 ? parts.filter((part) => !isAsked(part, all)) : [];
  if (unmatched.includes(filter)) throw new Failure(describeUnmatched(filter, all), "invalid-input");
  for (const part of unmatched) onNotice({ kind: "note", text: describeUnmatched(part, all) });
  return createNarrowing(filter, known);
}

/** The filter of a request; undefined: everything is shown. */
export function filterOf({ namespace = [], selector, service = [] }: NarrowRequest): ServiceFilter | undefined {
  if (namespace.length === 0 && selector === undefined && service.length === 0) return undefined;
  return { namespaces: namespace, selector, services: service };
}
