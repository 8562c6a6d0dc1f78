import type { LineOrigin } from "../../../tools/script.ts";
import { describeRule } from "../describe-rule.ts";
import type { PlacedRule, Texts } from "../texts.ts";

/** A line of a tool's text, with where it stands and what it comes from. */
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

/** What is known of a line before it is put in words. */
export type BareLine = Omit<OwnLine, "words">;

/** All lines of which `belongs` says yes, in the order of the texts. Only these are put in words: there may be many. */
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
