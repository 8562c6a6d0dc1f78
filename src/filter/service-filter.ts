import { didYouMean } from "../model/fields/name-map.ts";
import { type LabelSelector, matchesLabels } from "./label-selector.ts";

/** Selects Services: in one of the namespaces, with matching labels, and with one of the names. */
export interface ServiceFilter {
  /** Empty: any. */
  readonly namespaces: readonly string[];
  readonly selector: LabelSelector | undefined;
  /** Empty: any. */
  readonly services: readonly ServiceChoice[];
}

export interface ServiceChoice {
  /** Undefined: any namespace that the filter accepts. */
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface KnownService {
  readonly namespace: string;
  readonly name: string;
  /** Undefined if only the name is known: rules have no labels. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** `shop/web` or `web`; undefined for anything else. */
export function parseServiceChoice(text: string): ServiceChoice | undefined {
  const [, namespace, name] = /^(?:([^/\s:]+)\/)?([^/\s:]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { namespace, name };
}

/** Whether a filter matches this Service. A Service with unknown labels matches no selector. */
export function isMeant({ namespaces, selector, services }: ServiceFilter, service: KnownService): boolean {
  const { namespace, name, labels } = service;
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return false;
  if (selector !== undefined && (labels === undefined || !matchesLabels(labels, selector))) return false;
  const isChosen = (choice: ServiceChoice): boolean =>
    choice.name === name && (choice.namespace === undefined || choice.namespace === namespace);
  return services.length === 0 || services.some(isChosen);
}

/** `-n shop -l app=web`: the filter as it is written on a command line. */
export function filterText({ namespaces, selector, services }: ServiceFilter): string {
  return [
    ...namespaces.map((namespace) => `-n ${namespace}`),
    ...(selector === undefined ? [] : [`-l ${/[\s()!<>]/.test(selector.text) ? `'${selector.text}'` : selector.text}`]),
    ...services.map(({ namespace, name }) => `--service ${namespace === undefined ? name : `${namespace}/${name}`}`),
  ].join(" ");
}

/** Reports that a filter matches no Service, and suggests a similar one. */
export function describeUnmatched(filter: ServiceFilter, services: readonly KnownService[]): string {
  const near = nearestTo(filter, services);
  const there = [...new Set(services.map(({ namespace, name }) => `${namespace}/${name}`))].sort();
  const more = there.length > mostNames ? ", ..." : "";
  const known =
    there.length === 0 ? "there are no Services" : `existing Services: ${there.slice(0, mostNames).join(", ")}${more}`;
  return `no Service matches ${filterText(filter)}; ${near === undefined ? known : `did you mean ${near}?`}`;
}

const mostNames = 5;

/** Filters of one namespace or one name each; each of them should match some Service. */
export function namedParts({ namespaces, services }: ServiceFilter): readonly ServiceFilter[] {
  return [
    ...namespaces.map((namespace) => ({ namespaces: [namespace], selector: undefined, services: [] })),
    ...services.map((service) => ({ namespaces: [], selector: undefined, services: [service] })),
  ];
}

/** Corrects the first part of the filter that matches no Service. */
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

/** First the same name in another namespace, then a similar name. */
function nearestName({ namespace, name }: ServiceChoice, known: readonly KnownService[]): string | undefined {
  const names = known.map((service) => `${service.namespace}/${service.name}`);
  const wanted = namespace === undefined ? name : `${namespace}/${name}`;
  if (names.includes(wanted)) return undefined;
  const elsewhere = known.find((service) => service.name === name);
  if (elsewhere !== undefined) return `${elsewhere.namespace}/${name}`;
  return didYouMean(wanted, namespace === undefined ? known.map((service) => service.name) : names);
}

/** A similar label key, or a similar value of a correct key. */
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
