import { filterText, isMeant, type KnownService, type ServiceFilter } from "./service-filter.ts";

/** Says what of a result is shown where it is narrowed to some Services. All of it was compiled and compared. */
export interface Narrowing {
  /** `-n shop -l app=web` */
  readonly filter: string;
  /**
   * Whether something is shown, by all names it is known by: `shop/web:http`, `EndpointSlice shop/web-x1`. What none of
   * them says to be a Service's concerns every Service.
   */
  readonly shows: (names: readonly (string | undefined)[]) => boolean;
  /** `shop/web` of `shop/web:http`; undefined of what belongs to no single Service. */
  readonly serviceOf: (name: string) => string | undefined;
}

/** What of a state says which Services there are, and what is theirs. */
export interface Known {
  /** One Service may be there several times: the sides of a diff may have other labels. */
  readonly services: readonly KnownService[];
  /** Services by the names of what belongs to them: `shop/web` by `EndpointSlice shop/web-x1`. */
  readonly owners: ReadonlyMap<string, string>;
}

const servicePort = /^(?:Service )?([^\s/:,]+\/[^\s/:,]+)(?::[^\s/,]*)?$/;

/** Narrows to the Services a filter asks for. One that no state knows is asked for by its name alone. */
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

/** What a narrowed result leaves out. It is there whenever somebody narrowed, also where nothing is left out. */
export interface NotShown {
  /** What was asked for: `-n shop -l app=web`. */
  readonly filter: string;
  /** How many changes, differences or findings. */
  readonly count: number;
  /** Whose these are: how many Services. */
  readonly services: number;
  /** Of a diff: how many rules, on all nodes together. */
  readonly rules?: number;
}

export interface Narrowed<Item> {
  readonly shown: readonly Item[];
  readonly hidden: readonly Item[];
}

/** Divides items by whether they are shown. Without a narrowing all of them are. */
export function narrowItems<Item>(
  items: readonly Item[],
  namesOf: (item: Item) => readonly (string | undefined)[],
  narrowing: Narrowing | undefined,
): Narrowed<Item> {
  if (narrowing === undefined) return { shown: items, hidden: [] };
  const isShown = new Map(items.map((item) => [item, narrowing.shows(namesOf(item))]));
  return { shown: items.filter((item) => isShown.get(item)), hidden: items.filter((item) => !isShown.get(item)) };
}

/** Counts what is left out, and whose it is. */
export function countHidden<Item>(
  hidden: readonly Item[],
  namesOf: (item: Item) => readonly (string | undefined)[],
  { filter, serviceOf }: Narrowing,
): NotShown {
  const names = hidden.flatMap(namesOf).flatMap((name) => (name === undefined ? [] : (serviceOf(name) ?? [])));
  return { filter, count: hidden.length, services: new Set(names).size };
}
