import { didYouMean } from "../../model/fields/did-you-mean.ts";
import type { LabelSelector } from "./label-selector.ts";
import { filterText, type KnownService, type ServiceChoice, type ServiceFilter } from "./service-filter.ts";

/** Says that a filter asks for no Service there is, and what may be meant. */
export function tellUnmatched(filter: ServiceFilter, services: readonly KnownService[]): string {
  const near = nearestTo(filter, services);
  const there = [...new Set(services.map(({ namespace, name }) => `${namespace}/${name}`))].sort();
  const more = there.length > mostNames ? ", ..." : "";
  const known =
    there.length === 0 ? "there is no Service at all" : `there are: ${there.slice(0, mostNames).join(", ")}${more}`;
  return `no Service matches ${filterText(filter)}; ${near === undefined ? known : `did you mean ${near}?`}`;
}

const mostNames = 5;

/** Filters of one namespace or one name each, all of which are to ask for some Service. */
export function namedParts({ namespaces, services }: ServiceFilter): readonly ServiceFilter[] {
  return [
    ...namespaces.map((namespace) => ({ namespaces: [namespace], selector: undefined, services: [] })),
    ...services.map((service) => ({ namespaces: [], selector: undefined, services: [service] })),
  ];
}

/** The first part that no Service has, put right. */
function nearestTo(
  { namespaces, selector, services }: ServiceFilter,
  known: readonly KnownService[],
): string | undefined {
  const spaces = new Set(known.map(({ namespace }) => namespace));
  const wrong = namespaces.find((namespace) => !spaces.has(namespace));
  const space = wrong === undefined ? undefined : didYouMean(wrong, spaces);
  if (space !== undefined) return `-n ${space}`;
  const [choice] = services;
  const service = choice && nearestName(choice, known);
  if (service !== undefined) return `--service ${service}`;
  return selector && nearestLabel(selector, known);
}

/** The same name in another namespace first. */
function nearestName({ namespace, name }: ServiceChoice, known: readonly KnownService[]): string | undefined {
  const names = known.map((service) => `${service.namespace}/${service.name}`);
  const wanted = namespace === undefined ? name : `${namespace}/${name}`;
  if (names.includes(wanted)) return undefined;
  const elsewhere = known.find((service) => service.name === name);
  if (elsewhere !== undefined) return `${elsewhere.namespace}/${name}`;
  return didYouMean(wanted, namespace === undefined ? known.map((service) => service.name) : names);
}

/** A key that some Service has, or a value of a key that is right. */
function nearestLabel({ requirements }: LabelSelector, known: readonly KnownService[]): string | undefined {
  const labels = known.flatMap((service) => Object.entries(service.labels ?? {}));
  const keys = new Set(labels.map(([key]) => key));
  for (const { key, operator, values } of requirements) {
    if (operator !== "in" && operator !== "exists") continue;
    const value = values[0] ?? "";
    const right = keys.has(key) ? key : didYouMean(key, keys);
    const own = labels.filter(([name]) => name === right).map(([, text]) => text);
    const near = own.includes(value) ? value : didYouMean(value, own);
    if (right === undefined || (right === key && (operator === "exists" || own.includes(value)))) continue;
    if (operator === "exists") return `-l ${right}`;
    if (near !== undefined) return `-l ${right}=${near}`;
  }
  return undefined;
}
