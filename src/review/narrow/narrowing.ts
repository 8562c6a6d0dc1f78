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
