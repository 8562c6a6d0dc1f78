import { type LabelSelector, matchesLabels } from "./label-selector.ts";

/** Which Services to show: those of one of the namespaces, with such labels, and among those named. */
export interface ServiceFilter {
  /** Empty: any. */
  readonly namespaces: readonly string[];
  readonly selector: LabelSelector | undefined;
  /** Empty: any. */
  readonly services: readonly ServiceChoice[];
}

export interface ServiceChoice {
  /** Undefined: that of any of the filter's namespaces. */
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface KnownService {
  readonly namespace: string;
  readonly name: string;
  /** Undefined where only its name is known: rules have no labels. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** `shop/web` or `web`; undefined for anything else. */
export function parseServiceChoice(text: string): ServiceChoice | undefined {
  const [, namespace, name] = /^(?:([^/\s:]+)\/)?([^/\s:]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { namespace, name };
}

/** Whether a filter asks for this Service. Labels that nobody knows are as none asks for. */
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
