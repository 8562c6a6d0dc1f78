import type { LineOrigin } from "../ir/artifact.ts";
import { canonicalRule, targetOf } from "../languages/iptables/canonical-rule.ts";
import { parseRule } from "../languages/iptables/parse-rule.ts";
import { isOwnedChain, isServicePortChain } from "../programs/kube-proxy/chain-names.ts";
import { serviceInRule } from "../reconcile/attribution.ts";
import { describeRule } from "./describe-rule.ts";
import type { Texts } from "./texts.ts";

/** The lines that the state would generate for the Service, where there is a state. */
interface Wanted {
  readonly objects: ReadonlySet<string>;
  readonly lines: readonly OwnLine[];
}

/**
 * The lines of a Service in a dump: rules whose comment names it, and all rules of its chains. Sets and virtual servers
 * contain no Service names; only a state identifies their lines, by origin.
 */
export function dumpLines(service: string, texts: Texts, { objects, lines }: Wanted): readonly OwnLine[] {
  const chains = chainsOfService(service, texts);
  for (const { chain } of lines) if (chain !== undefined && isServicePortChain(chain)) chains.add(chain);
  return ownLines(texts, (text, chain, cause) => {
    if (cause !== undefined && objects.has(cause.object)) return true;
    if (chain === undefined) return false;
    return chains.has(chain) || (text.includes(service) && !isServicePortChain(chain) && names(text, service));
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
    const named = lines.map(serviceInRule).find((name) => name !== undefined);
    return named !== undefined && serviceOf(named) !== service;
  };
  const enter = (chain: string): void => {
    if (isServicePortChain(chain) && !found.has(chain) && !isForeign(chain)) found.add(chain);
  };
  for (const { name, lines } of chains) {
    for (const line of lines) {
      if (!names(line, service)) continue;
      enter(name);
      enter(targetOf(line) ?? "");
    }
  }
  // Grows while it is walked.
  for (const name of found)
    for (const { lines } of byName.get(name) ?? []) for (const line of lines) enter(targetOf(line) ?? "");
  return found;
}

/** `shop/web` of `shop/web:http`. */
export function serviceOf(port: string): string {
  return port.replace(/:.*$/, "");
}

/** The Services that comments of a dump name. */
export function servicesNamed({ chains }: Texts): readonly string[] {
  const names = chains
    .filter(({ name }) => isOwnedChain(name))
    .flatMap(({ lines }) => lines.map(serviceInRule))
    .flatMap((port) => (port === undefined ? [] : [serviceOf(port)]));
  return [...new Set(names)].sort();
}

/** The lines that the state requires and a dump does not contain. */
export function missingLines(wanted: readonly OwnLine[], there: Texts): readonly OwnLine[] {
  const known = new Set<string>(there.others.map(({ text }) => text));
  const chains = new Set(wanted.map(({ chain }) => chain));
  for (const { table, name, lines } of there.chains) {
    if (!chains.has(name)) continue;
    known.add(`${table} :${name}`);
    for (const text of lines) known.add(`${table} ${text}`);
  }
  const isThere = ({ table, chain, text }: OwnLine): boolean => {
    if (table === undefined) return known.has(text);
    return known.has(text.startsWith(":") ? `${table} :${chain}` : `${table} ${text}`);
  };
  const candidates = wanted.filter((line) => !isThere(line));
  const unmet = new Set(candidates.map(({ chain }) => chain));
  const canonical = new Set(
    there.chains
      .filter(({ name }) => unmet.has(name))
      .flatMap(({ table, lines }) => lines.map((text) => `${table} ${canonicalRule(text)}`)),
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

/** Whether a line is asked for, by its text, its chain and its origin. */
export type Belongs = (text: string, chain: string | undefined, cause: LineOrigin | undefined) => boolean;

/**
 * All lines that `belongs` accepts, in the order of the texts. Only these are parsed and described in words: there may
 * be many. A line that is no rule is none of them.
 */
export function ownLines(texts: Texts, belongs: Belongs): readonly OwnLine[] {
  const found: OwnLine[] = [];
  for (const { table, name: chain, file, declaredAt, policy, lines, numbers } of texts.chains) {
    if (declaredAt !== undefined) {
      const text = `:${chain} ${policy ?? "-"} [0:0]`;
      const cause = texts.causeOf(file, declaredAt);
      if (belongs(text, chain, cause))
        found.push({ file, line: declaredAt, table, chain, text, words: undefined, cause });
    }
    for (let at = 0; at < lines.length; at += 1) {
      const [text = "", line = 0] = [lines[at], numbers[at]];
      const cause = texts.causeOf(file, line);
      const read = belongs(text, chain, cause) ? parseRule({ text, line, counters: undefined }) : undefined;
      if (read?.kind === "rule") found.push({ file, line, table, chain, text, words: describeRule(read.rule), cause });
    }
  }
  for (const { file, line, text } of texts.others) {
    const cause = texts.causeOf(file, line);
    if (belongs(text, undefined, cause))
      found.push({ file, line, table: undefined, chain: undefined, text, words: undefined, cause });
  }
  return found;
}
