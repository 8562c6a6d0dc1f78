import type { LineOrigin } from "../../ir/artifact.ts";
import type { AskedRule, PlacedObject, PlacedRule } from "../../languages/text-reader.ts";
import { calleesOf, chainsNamed, isInTable, type Texts } from "../texts.ts";
import { chainPurpose } from "./chain-owner.ts";
import { type ExplainedRule, explainRules } from "./explain-chain.ts";

/** What a rule does, match by match, and where it is found. */
export interface RuleExplanation {
  readonly text: string;
  /** Undefined where the text of a rule does not name it. */
  readonly chain: string | undefined;
  readonly matches: readonly { readonly kind: string; readonly words: string }[];
  readonly target: string;
  /** The places of this very rule, in any spelling. */
  readonly found: readonly FoundRule[];
  /** Without such places: similar rules of the same chain. */
  readonly nearest: readonly ExplainedRule[];
}

export interface FoundRule extends ExplainedRule {
  readonly nodes: readonly string[];
  /** The purpose of its chain. */
  readonly purpose: string;
}

/** Finds a rule in the texts of a node. */
export function findRule(
  asked: AskedRule,
  texts: Texts,
  ownerOf: (chain: string) => string | undefined,
): readonly Omit<FoundRule, "nodes">[] {
  const wanted = asked.canonical();
  return chainsOf(asked, texts).flatMap((chain) => {
    const isSame = (rule: PlacedRule): boolean => rule.text === asked.text || rule.canonical() === wanted;
    const found = explainRules(chain, texts, isSame);
    return found.map((rule) => ({ ...rule, purpose: chainPurpose(chain, ownerOf(chain.name)) }));
  });
}

/** The chains that a rule may be in, by its text or by where it was found. */
function chainsOf({ chain, table, language }: AskedRule, texts: Texts): readonly PlacedObject[] {
  const chains = chain === undefined ? texts.chains : chainsNamed(texts, chain);
  return chains.filter((each) => each.language === language && isInTable(each, table));
}

const mostNearest = 5;

/** Similar rules of the same chain: those that lead to the same chain or map, and those with the same comment. */
export function nearestRules(asked: AskedRule, texts: Texts): readonly ExplainedRule[] {
  const callees = asked.isMarking ? [] : calleesOf(asked);
  const isNear = (other: PlacedRule): boolean =>
    calleesOf(other).some((name) => callees.includes(name)) ||
    other.comments.some((comment) => asked.comments.includes(comment));
  return chainsOf(asked, texts)
    .flatMap((chain) => explainRules(chain, texts, isNear))
    .slice(0, mostNearest);
}

/** A dump with the origins of those lines that the compiled text contains as well, in any spelling. */
export function withCausesOf(dump: Texts, compiled: Texts): Texts {
  const causes = new Map<string, LineOrigin>();
  const note = (file: string, line: number, cause: LineOrigin | undefined): void => {
    if (cause !== undefined) causes.set(`${file}:${line}`, cause);
  };
  const wanted = new Map([...compiled.chains, ...compiled.sets].map((object) => [keyOf(object), object]));
  for (const object of [...dump.chains, ...dump.sets]) {
    const same = wanted.get(keyOf(object));
    if (same === undefined) continue;
    if (object.declaredAt !== undefined && same.declaredAt !== undefined) {
      note(object.file, object.declaredAt, compiled.causeOf(same.file, same.declaredAt));
    }
    const exact = new Map(same.rules.map((rule) => [rule.text, rule]));
    let canonical: ReadonlyMap<string, PlacedRule> | undefined;
    for (const rule of object.rules) {
      let twin = exact.get(rule.text);
      if (twin === undefined) {
        canonical ??= new Map(same.rules.map((each) => [each.canonical(), each]));
        twin = canonical.get(rule.canonical());
      }
      if (twin !== undefined) note(rule.file, rule.line, compiled.causeOf(twin.file, twin.line));
    }
  }
  const others = new Map(compiled.others.map((line) => [`${line.language} ${line.text}`, line]));
  for (const { language, file, line, text } of dump.others) {
    const twin = others.get(`${language} ${text}`);
    if (twin !== undefined) note(file, line, compiled.causeOf(twin.file, twin.line));
  }
  return { ...dump, causeOf: (file, line) => causes.get(`${file}:${line}`) };
}

function keyOf({ kind, family, table, name }: PlacedObject): string {
  return `${kind} ${family} ${table} ${name}`;
}
