import type { LineOrigin } from "../../../tools/script.ts";
import { describeRule } from "../describe-rule.ts";
import type { Texts } from "../texts.ts";

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

/** All lines of which `belongs` says yes, in the order of the texts. */
export function ownLines(texts: Texts, belongs: (line: OwnLine) => boolean): readonly OwnLine[] {
  const lines: OwnLine[] = [];
  const add = (line: Omit<OwnLine, "cause">): void => {
    const whole = { ...line, cause: texts.causeOf(line.file, line.line) };
    if (belongs(whole)) lines.push(whole);
  };
  for (const { table, name: chain, file, declaredAt, policy, rules } of texts.chains) {
    if (declaredAt !== undefined) {
      add({ file, line: declaredAt, table, chain, text: `:${chain} ${policy ?? "-"} [0:0]`, words: undefined });
    }
    for (const rule of rules) {
      const { line, text } = rule;
      add({ file, line, table, chain, text, words: describeRule(rule) });
    }
  }
  for (const { file, line, text } of texts.others) {
    add({ file, line, table: undefined, chain: undefined, text, words: undefined });
  }
  return lines;
}
