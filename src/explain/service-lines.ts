import type { LineOrigin } from "../ir/artifact.ts";
import type { PlacedObject } from "../languages/text-reader.ts";
import { ownerOf, serviceInRule } from "../programs/registry.ts";
import { belongsToServicePort } from "./chain/chain-owner.ts";
import { calledBy, readLine, type Texts } from "./texts.ts";

/** The lines that the state would generate for the Service, where there is a state. */
interface Wanted {
  readonly objects: ReadonlySet<string>;
  readonly lines: readonly OwnLine[];
}

/**
 * The lines of a Service in a dump: rules and elements that name it, and all rules of its chains. Sets of ipset and
 * virtual servers contain no Service names; only a state identifies their lines, by origin.
 */
export function dumpLines(service: string, texts: Texts, { objects, lines }: Wanted): readonly OwnLine[] {
  const chains = chainsOfService(service, texts);
  for (const { chain } of lines) if (chain !== undefined && belongsToServicePort(chain)) chains.add(chain);
  return ownLines(texts, (text, chain, cause) => {
    if (cause !== undefined && objects.has(cause.object)) return true;
    if (chain === undefined) return text.includes(service) && names(text, service);
    return chains.has(chain) || (text.includes(service) && !belongsToServicePort(chain) && names(text, service));
  });
}

/** Whether a comment of the rule names the Service. */
function names(text: string, service: string): boolean {
  return text.includes(service) && serviceOf(serviceInRule(text) ?? "") === service;
}

/** The chains that belong to a Service by the comments of their rules, or else of the rules that lead to them. */
function chainsOfService(service: string, { chains, byName }: Texts): Set<string> {
  const found = new Set<string>();
  const isForeign = (chain: string): boolean => {
    const lines = (byName.get(chain) ?? []).flatMap((each) => each.lines);
    const named = [chain, ...lines].map(serviceInRule).find((name) => name !== undefined);
    return named !== undefined && serviceOf(named) !== service;
  };
  const enter = (chain: string): void => {
    if (belongsToServicePort(chain) && !found.has(chain) && !isForeign(chain)) found.add(chain);
  };
  for (const chain of chains) {
    const naming = chain.lines.flatMap((line, at) => (names(line, service) ? [at] : []));
    if (naming.length === 0 && !chain.name.includes(service)) continue;
    enter(chain.name);
    for (const at of naming) for (const callee of chain.calls(at)) enter(callee);
  }
  // Grows while it is walked.
  for (const name of found)
    for (const chain of byName.get(name) ?? []) for (const callee of calledBy(chain)) enter(callee);
  return found;
}

/** `shop/web` of `shop/web:http`. */
export function serviceOf(port: string): string {
  return port.replace(/:.*$/, "");
}

/** The Services that comments of a dump name. */
export function servicesNamed({ chains, sets }: Texts): readonly string[] {
  const names = [...chains, ...sets]
    .filter(({ kind, table, name }) => ownerOf({ kind: kind === "chain" ? kind : "set", table, name }) !== undefined)
    .flatMap(({ lines }) => lines.map(serviceInRule))
    .flatMap((port) => (port === undefined ? [] : [serviceOf(port)]));
  return [...new Set(names)].sort();
}

/** The lines that the state requires and a dump does not contain. */
export function missingLines(wanted: readonly OwnLine[], there: Texts): readonly OwnLine[] {
  const objects = new Map<string, PlacedObject[]>();
  for (const object of [...there.chains, ...there.sets]) {
    const place = placeOf(placeIn(object));
    objects.set(place, [...(objects.get(place) ?? []), object]);
  }
  const known = new Map<string, ReadonlySet<string>>();
  const inObjects = (line: OwnLine, textsOf: (object: PlacedObject) => readonly string[]): ReadonlySet<string> => {
    const place = placeOf(line);
    const texts = known.get(place) ?? new Set((objects.get(place) ?? []).flatMap(textsOf));
    known.set(place, texts);
    return texts;
  };
  const others = new Set(there.others.map(({ text }) => text));
  const candidates = wanted.filter((line) =>
    line.chain === undefined && line.set === undefined
      ? !others.has(line.text)
      : !inObjects(line, ({ declaration, lines }) => [declaration, ...lines]).has(line.text),
  );
  known.clear();
  return candidates.filter((line) => {
    const read = line.chain === undefined ? undefined : readLine(line.text);
    if (read?.kind !== "rule") return true;
    return !inObjects(line, ({ rules }) => rules.map((rule) => rule.canonical())).has(read.rule.canonical());
  });
}

function placeOf({ table, chain, set }: Pick<OwnLine, "table" | "chain" | "set">): string {
  return JSON.stringify([table, chain, set]);
}

function placeIn({ kind, table, name }: PlacedObject): Pick<OwnLine, "table" | "chain" | "set"> {
  const [chain, set] = kind === "chain" ? [name, undefined] : [undefined, name];
  return { table: table === "" ? undefined : table, chain, set };
}

/** A line of a tool's text, with its place and origin. */
export interface OwnLine {
  readonly file: string;
  readonly line: number;
  /** Of a rule, an element or a declaration; undefined where there are no tables. */
  readonly table: string | undefined;
  readonly chain: string | undefined;
  /** Of an element of a set or map, or its declaration. */
  readonly set: string | undefined;
  readonly text: string;
  /** What a rule says, in words. */
  readonly words: string | undefined;
  readonly cause: LineOrigin | undefined;
}

/** Whether a line is asked for, by its text, its chain and its origin. */
export type Belongs = (text: string, chain: string | undefined, cause: LineOrigin | undefined) => boolean;

/**
 * All lines that `belongs` accepts, in the order of the texts. Only these are parsed and described in words: there may
 * be many. A line that is no rule is none of them.
 */
export function ownLines(texts: Texts, belongs: Belongs): readonly OwnLine[] {
  const found: OwnLine[] = [];
  for (const chain of texts.chains) enterLines(chain, found, { texts, belongs });
  const lines: OwnLine[] = [];
  for (const set of texts.sets) enterLines(set, lines, { texts, belongs });
  for (const { file, line, text } of texts.others) {
    const cause = texts.causeOf(file, line);
    if (!belongs(text, undefined, cause)) continue;
    lines.push({ file, line, table: undefined, chain: undefined, set: undefined, text, words: undefined, cause });
  }
  return [...found, ...lines];
}

function enterLines(
  object: PlacedObject,
  found: OwnLine[],
  { texts, belongs }: { readonly texts: Texts; readonly belongs: Belongs },
): void {
  const { file, declaredAt, declaration, lines, numbers } = object;
  const place = placeIn(object);
  const enter = (text: string, line: number, at: number | undefined): void => {
    const cause = texts.causeOf(file, line);
    if (!belongs(text, place.chain, cause)) return;
    const read = at === undefined ? { words: undefined } : object.describeLine(at);
    if (read !== undefined) found.push({ file, line, ...place, text, words: read.words, cause });
  };
  if (declaredAt !== undefined) enter(declaration, declaredAt, undefined);
  for (let at = 0; at < lines.length; at += 1) enter(lines[at] ?? "", numbers[at] ?? 0, at);
}
