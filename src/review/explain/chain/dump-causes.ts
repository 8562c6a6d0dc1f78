import { canonicalRule } from "../../../tools/iptables/canonical-rule.ts";
import type { LineOrigin } from "../../../tools/script.ts";
import type { PlacedChain, Texts } from "../texts.ts";

/** A dump whose lines know where they come from: those that the compiled text has too, however they are spelled. */
export function withCausesOf(dump: Texts, compiled: Texts): Texts {
  const causes = new Map<string, LineOrigin>();
  const note = (file: string, line: number, cause: LineOrigin | undefined): void => {
    if (cause !== undefined) causes.set(`${file}:${line}`, cause);
  };
  const wanted = new Map(compiled.chains.map((chain) => [keyOf(chain), chain]));
  for (const chain of dump.chains) {
    const same = wanted.get(keyOf(chain));
    if (same === undefined) continue;
    if (chain.declaredAt !== undefined && same.declaredAt !== undefined) {
      note(chain.file, chain.declaredAt, compiled.causeOf(same.file, same.declaredAt));
    }
    const exact = new Map(same.rules.map((rule) => [rule.text, rule]));
    let canonical: ReadonlyMap<string, (typeof same.rules)[number]> | undefined;
    for (const rule of chain.rules) {
      let twin = exact.get(rule.text);
      if (twin === undefined) {
        canonical ??= new Map(same.rules.map((each) => [canonicalRule(each.text), each]));
        twin = canonical.get(canonicalRule(rule.text));
      }
      if (twin !== undefined) note(rule.file, rule.line, compiled.causeOf(twin.file, twin.line));
    }
  }
  const others = new Map(compiled.others.map((line) => [`${line.tool} ${line.text}`, line]));
  for (const { tool, file, line, text } of dump.others) {
    const twin = others.get(`${tool} ${text}`);
    if (twin !== undefined) note(file, line, compiled.causeOf(twin.file, twin.line));
  }
  return { ...dump, causeOf: (file, line) => causes.get(`${file}:${line}`) };
}

function keyOf({ family, table, name }: PlacedChain): string {
  return `${family} ${table} ${name}`;
}
