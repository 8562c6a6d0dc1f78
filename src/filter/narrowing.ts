import { filterText, isMeant, type KnownService, type ServiceFilter } from "./service-filter.ts";

/** Decides which part of a result is shown for the selected Services. Everything was compiled and compared. */
export interface Narrowing {
  /** `-n shop -l app=web` */
  readonly filter: string;
  /**
   * Whether an item with these names is shown: `shop/web:http`, `EndpointSlice shop/web-x1`. An item without the name
   * of a Service concerns all Services and is shown.
   */
  readonly shows: (names: readonly (string | undefined)[]) => boolean;
  /** `shop/web` of `shop/web:http`; undefined for a name that belongs to no single Service. */
  readonly serviceOf: (name: string) => string | undefined;
}

/** The Services of a state, and the objects that belong to them. */
export interface Known {
  /** A Service may be listed several times: its labels may differ between the sides of a diff. */
  readonly services: readonly KnownService[];
  /** The Service of each object that belongs to one: `EndpointSlice shop/web-x1` to `shop/web`. */
  readonly owners: ReadonlyMap<string, string>;
}

const servicePort = /^(?:Service )?([^\s/:,]+\/[^\s/:,]+)(?::[^\s/,]*)?$/;

/** Narrows to the Services that match a filter. A Service that is in no state is matched by its name alone. */
export function createNarrowing(filter: ServiceFilter, { services, owners }: Known): Narrowing {
  const known = new Set(services.map(fullName));
  const meant = new Set(services.filter((service) => isMeant(filter, service)).map(fullName));
  const serviceOf = (name: string): string | undefined => owners.get(name) ?? servicePort.exec(name)?.[1];
  const isShown = (service: string): boolean => {
    if (known.has(service)) return meant.has(service);
    const [namespace = "", name = ""] = service.split("/");
    return isMeant(filter, { namespace, name, labels: undefined });
  };
  return {
    filter: filterText(filter),
    serviceOf,
    shows: (names) => {
      const concerned = names.flatMap((name) => (name === undefined ? [] : (serviceOf(name) ?? [])));
      return concerned.length === 0 || concerned.some(isShown);
    },
  };
}

function fullName({ namespace, name }: KnownService): string {
  return `${namespace}/${name}`;
}

/** What a narrowed result leaves out. Present for every narrowed result, even if nothing is left out. */
export interface NotShown {
  /** The filter: `-n shop -l app=web`. */
  readonly filter: string;
  /** The number of changes, differences or findings. */
  readonly count: number;
  /** The number of Services that these belong to. */
  readonly services: number;
  /** For a diff: the number of rules, on all nodes together. */
  readonly rules?: number;
}

export interface Narrowed<Item> {
  readonly shown: readonly Item[];
  readonly hidden: readonly Item[];
}

/** Splits items into shown and hidden ones. Without a narrowing all are shown. */
export function narrowItems<Item>(
  items: readonly Item[],
  namesOf: (item: Item) => readonly (string | undefined)[],
  narrowing: Narrowing | undefined,
): Narrowed<Item> {
  if (narrowing === undefined) return { shown: items, hidden: [] };
  const isShown = new Map(items.map((item) => [item, narrowing.shows(namesOf(item))]));
  return { shown: items.filter((item) => isShown.get(item)), hidden: items.filter((item) => !isShown.get(item)) };
}

/** Counts the hidden items and their Services. */
export function countHidden<Item>(
  hidden: readonly Item[],
  namesOf: (item: Item) => readonly (string | undefined)[],
  { filter, serviceOf }: Narrowing,
): NotShown {
  const names = hidden.flatMap(namesOf).flatMap((name) => (name === undefined ? [] : (serviceOf(name) ?? [])));
  return { filter, count: hidden.length, services: new Set(names).size };
}
