import type { LineOrigin } from "../ir/artifact.ts";
import { canonicalRule } from "../languages/iptables/canonical-rule.ts";
import { isOwnedChain, isServicePortChain } from "../programs/kube-proxy/chain-names.ts";
import { serviceInRule } from "../reconcile/attribution.ts";
import { describeRule } from "./describe-rule.ts";
import type { PlacedRule, Texts } from "./texts.ts";

/**
 * The lines of a Service in a dump: rules whose comment names it, and all rules of its chains. Sets and virtual servers
 * contain no Service names; only a state identifies their lines, by origin.
 */
export function dumpLines(
  service: string,
  { texts, ownerOf }: { readonly texts: Texts; readonly ownerOf: (chain: string) => string | undefined },
  objects: ReadonlySet<string>,
): readonly OwnLine[] {
  const isOurs = (port: string | undefined): boolean => port !== undefined && serviceOf(port) === service;
  return ownLines(texts, ({ chain, text, cause }) => {
    if (cause !== undefined && objects.has(cause.object)) return true;
    if (chain === undefined) return false;
    return isServicePortChain(chain) ? isOurs(ownerOf(chain)) : isOurs(serviceInRule(text));
  });
}

/** `shop/web` of `shop/web:http`. */
export function serviceOf(port: string): string {
  return port.replace(/:.*$/, "");
}

/** The Services that comments of a dump name. */
export function servicesNamed({ chains }: Texts): readonly string[] {
  const names = chains
    .filter(({ name }) => isOwnedChain(name))
    .flatMap(({ rules }) => rules.map(({ text }) => serviceInRule(text)))
    .flatMap((port) => (port === undefined ? [] : [serviceOf(port)]));
  return [...new Set(names)].sort();
}

/** The lines that the state requires and a dump does not contain. */
export function missingLines(wanted: readonly OwnLine[], there: Texts): readonly OwnLine[] {
  const known = new Set<string>(there.others.map(({ text }) => text));
  for (const { table, name, rules } of there.chains) {
    known.add(`${table} :${name}`);
    for (const { text } of rules) known.add(`${table} ${text}`);
  }
  const isThere = ({ table, chain, text }: OwnLine): boolean => {
    if (table === undefined) return known.has(text);
    return known.has(text.startsWith(":") ? `${table} :${chain}` : `${table} ${text}`);
  };
  const candidates = wanted.filter((line) => !isThere(line));
  const chains = new Set(candidates.map(({ chain }) => chain));
  const canonical = new Set(
    there.chains
      .filter(({ name }) => chains.has(name))
      .flatMap(({ table, rules }) => rules.map(({ text }) => `${table} ${canonicalRule(text)}`)),
  );
  return candidates.filter(
    ({ table, text }) => !text.startsWith("-A") || !canonical.has(`${table} ${canonicalRule(text)}`),
  );
}

/** A line of a tool's text, with its place and origin. */
export interface OwnLine {
  readonly file: string;
  readonly line: number;
  /** Of a rule or the declaration of a chain. */
  readonly table: string | undefined;
  readonly chain: string | undefined;
  readonly text: string;
  /** What a rule says, in words. */
  readonly words: string | undefined;
  readonly cause: LineOrigin | undefined;
}

/** A line before it is described in words. */
export type BareLine = Omit<OwnLine, "words">;

/**
 * All lines that `belongs` accepts, in the order of the texts. Only these are described in words: there may be many.
 */
export function ownLines(texts: Texts, belongs: (line: BareLine) => boolean): readonly OwnLine[] {
  const lines: OwnLine[] = [];
  const add = (line: Omit<BareLine, "cause">, rule?: PlacedRule): void => {
    const whole = { ...line, cause: texts.causeOf(line.file, line.line) };
    if (belongs(whole)) lines.push({ ...whole, words: rule && describeRule(rule) });
  };
  for (const { table, name: chain, file, declaredAt, policy, rules } of texts.chains) {
    if (declaredAt !== undefined) {
      add({ file, line: declaredAt, table, chain, text: `:${chain} ${policy ?? "-"} [0:0]` });
    }
    for (const rule of rules) add({ file, line: rule.line, table, chain, text: rule.text }, rule);
  }
  for (const { file, line, text } of texts.others) add({ file, line, table: undefined, chain: undefined, text });
  return lines;
}
