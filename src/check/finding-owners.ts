import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { type Origin, originOf } from "../diagnostics/place.ts";
import { serviceAddresses } from "../diff/destinations/service-addresses.ts";
import { createRuleOwners, type RuleOwners } from "../filter/known-services.ts";
import type { KnownService } from "../filter/service-filter.ts";
import type { Cluster } from "../model/cluster.ts";
import { isRecord } from "../model/fields/fields.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import { matchesLabels } from "../simulate/pods/matches-selector.ts";
import { readPodSources } from "./state/pod-sources.ts";

/** The checked input. */
export interface CheckedInput {
  /** Of the state; empty without one. */
  readonly objects: readonly InputObject[];
  /** Undefined where there is no state, or where it cannot be read. */
  readonly cluster: Cluster | undefined;
  /** The text of a tool's document, whose places are lines. */
  readonly textOf: (document: number) => string | undefined;
}

/**
 * Finds the Services of a finding, including those of other objects that it names (such as the owner of a taken port).
 */
export function createFindingOwners(input: CheckedInput): (finding: Diagnostic) => readonly string[] {
  const ofObject = createObjectOwners(input.objects);
  const ofLine = createTextOwners(input);
  return ({ object, origin, related, services = [] }) => {
    if (services.length > 0) return services;
    if (origin === undefined) return [];
    const inText = ofLine(origin.document, Number(origin.path[0] ?? 0), object);
    if (inText !== undefined) return inText;
    const owners = ofObject(origin);
    return owners.length === 0 ? [] : [...owners, ...related.flatMap((place) => ofObject(place.origin))];
  };
}

type TextOwners = (document: number, line: number, object: string | undefined) => readonly string[] | undefined;

/** Lines of tools' texts are attributed by comments, virtual servers by the addresses of a state. */
function createTextOwners({ cluster, textOf }: CheckedInput): TextOwners {
  const read = new Map<number, ReadText | undefined>();
  let addresses: ReturnType<typeof serviceAddresses> | undefined;
  return (document, number, object = "") => {
    if (!read.has(document)) read.set(document, readText(textOf(document)));
    const text = read.get(document);
    if (text === undefined) return undefined;
    const [, protocol, target = ""] = /^Virtual server (\w+) (\S+)$/.exec(object) ?? [];
    if (protocol === undefined) return text.ofRule(...chainAndLine(text.lines[number - 1] ?? ""));
    addresses ??= cluster === undefined ? new Map() : serviceAddresses(cluster, () => undefined);
    const port = target.slice(target.lastIndexOf(":"));
    const owner = addresses.get(`${target}/${protocol}`) ?? addresses.get(`*${port}/${protocol}`);
    return owner === undefined ? [] : [owner.name];
  };
}

interface ReadText {
  readonly lines: readonly string[];
  readonly ofRule: RuleOwners;
}

function readText(text: string | undefined): ReadText | undefined {
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  const chains = new Map<string, string[]>();
  for (const line of lines) {
    const [chain, rule] = chainAndLine(line);
    if (!rule.startsWith("-A ")) continue;
    const known = chains.get(chain);
    if (known === undefined) chains.set(chain, [rule]);
    else known.push(rule);
  }
  const rules = { tables: new Map([["nat", { chains }]]) };
  return { lines, ofRule: createRuleOwners([{ rules: { ipv4: rules, ipv6: undefined } }]) };
}

/** The chain of a rule or declaration, and the line without its counters. */
function chainAndLine(text: string): readonly [chain: string, line: string] {
  const line = text.trim().replace(/^\[\d+:\d+\] /, "");
  return [/^(?:-A |:)(\S+)/.exec(line)?.[1] ?? "", line];
}

/** The Service that owns the object at a place, as `shop/web`; empty for shared objects. */
export type ObjectOwners = (origin: Origin) => readonly string[];

type Texts = Readonly<Record<string, string>>;

interface SelectingService extends KnownService {
  readonly labels: Texts;
  readonly selector: Texts;
}

/** The Services among the objects of an input, also those with errors. */
export function servicesInObjects(objects: readonly InputObject[]): readonly SelectingService[] {
  return objects.flatMap(({ kind, apiVersion, value }) => {
    if (kind !== "Service" || apiVersion !== "v1" || !isRecord(value.metadata)) return [];
    const { name, labels } = value.metadata;
    if (typeof name !== "string") return [];
    const selector = isRecord(value.spec) ? textsOf(value.spec.selector) : {};
    return [{ namespace: namespaceOf(value), name, labels: textsOf(labels), selector }];
  });
}

/** Slices name their Service. Pods and workloads belong to the Services that select them. */
export function createObjectOwners(objects: readonly InputObject[]): ObjectOwners {
  const byPlace = new Map(objects.map((object) => [keyOf(originOf(object.place)), object]));
  const services = servicesInObjects(objects).filter(({ selector }) => Object.keys(selector).length > 0);
  return (origin) => {
    const object = byPlace.get(keyOf(origin));
    return object === undefined ? [] : ownersOf(object, services);
  };
}

function ownersOf(object: InputObject, services: readonly SelectingService[]): readonly string[] {
  const { kind, value } = object;
  const { name, labels } = isRecord(value.metadata) ? value.metadata : {};
  const namespace = namespaceOf(value);
  if (kind === "Service" || kind === "Endpoints") return [`${namespace}/${String(name)}`];
  if (kind === "EndpointSlice") {
    const service = textsOf(labels)["kubernetes.io/service-name"];
    return service === undefined ? [] : [`${namespace}/${service}`];
  }
  return readPodSources([object]).flatMap((pod) =>
    services
      .filter((service) => service.namespace === namespace && matchesLabels(pod.labels, service.selector))
      .map((service) => `${namespace}/${service.name}`),
  );
}

/** The object that contains a place: the document, or the item of a List. */
function keyOf({ document, path }: Origin): string {
  let length = 0;
  while (path[length] === "items" && typeof path[length + 1] === "number") length += 2;
  return [document, ...path.slice(0, length)].join(" ");
}

function namespaceOf({ metadata }: Readonly<Record<string, unknown>>): string {
  const namespace = isRecord(metadata) ? metadata.namespace : undefined;
  return typeof namespace === "string" && namespace !== "" ? namespace : "default";
}

function textsOf(map: unknown): Texts {
  if (!isRecord(map)) return {};
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
