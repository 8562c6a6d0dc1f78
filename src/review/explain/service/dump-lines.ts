import { serviceInRule } from "../../../changes/attribution.ts";
import { isServicePortChain } from "../../../changes/owned/owned-names.ts";
import { canonicalRule } from "../../../tools/iptables/canonical-rule.ts";
import type { Texts } from "../texts.ts";
import { type OwnLine, ownLines } from "./own-lines.ts";

/**
 * The lines of a dump that are a Service's: rules whose comment names it, and all of chains that are its. What stands in
 * sets and virtual servers names nobody; state tells, by their cause.
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
    .filter(({ name }) => name.startsWith("KUBE-"))
    .flatMap(({ rules }) => rules.map(({ text }) => serviceInRule(text)))
    .flatMap((port) => (port === undefined ? [] : [serviceOf(port)]));
  return [...new Set(names)].sort();
}

/** The lines that the state asks for and a dump lacks. */
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
