import { depthOf, joinWords, splitWords, wordsOf } from "./words.ts";

/** What ends with its line, or with a semicolon. A block is its first line, the statements in it, and a closing brace. */
export interface Statement {
  readonly line: number;
  readonly text: string;
  /** Where it has several lines: the first word of each, and its number. */
  readonly starts?: readonly { readonly word: number; readonly line: number }[];
}

const opensBlock =
  /^(?:(?:add|create) )?(?:table|chain|set|map|flowtable|counter|quota|limit|ct|secmark|synproxy) [^{]*\{$/;

/** The statements of a text. `onCutOff`: the text ends before the brace that a line opens is closed. */
export function statementsOf(text: string, onCutOff: (line: number) => void): readonly Statement[] {
  const statements: Statement[] = [];
  let open:
    | { readonly line: number; text: string; depth: number; words: number; starts: { word: number; line: number }[] }
    | undefined;
  let line = 0;
  for (const raw of text.split("\n")) {
    line += 1;
    const own = withoutNote(raw).trim();
    if (own === "") continue;
    if (open === undefined && (isWhole(own) || opensBlock.test(own))) {
      statements.push({ line, text: own });
      continue;
    }
    const words = wordsOf(own);
    open ??= { line, text: "", depth: 0, words: 0, starts: [] };
    open.starts.push({ word: open.words, line });
    open.text += open.text === "" ? own : ` ${own}`;
    open.words += words.length;
    open.depth += depthOf(words);
    if (open.depth > 0) continue;
    if (open.starts.length > 1) statements.push(open);
    else statements.push(...dividedAtSemicolons(open.line, wordsOf(open.text)));
    open = undefined;
  }
  if (open !== undefined) onCutOff(open.line);
  return statements;
}

/** Nearly all lines: a rule without strings, and without braces that it leaves open. */
function isWhole(text: string): boolean {
  if (text === "}") return true;
  if (text.includes('"') || text.includes(";") || emptyBlock.test(text)) return false;
  let depth = 0;
  for (let at = text.indexOf("{"); at >= 0; at = text.indexOf("{", at + 1)) depth += 1;
  for (let at = text.indexOf("}"); at >= 0; at = text.indexOf("}", at + 1)) depth -= 1;
  return depth === 0;
}

const emptyBlock = /\{ *\}$/;

/** Without a note: `# handle 5`, `# Warning: table ip nat is managed by iptables-nft, do not touch!`. */
function withoutNote(raw: string): string {
  if (!raw.includes("#")) return raw;
  const [kept = ""] = /^(?:"(?:[^"\\]|\\.)*"?|[^"#])*/.exec(raw) ?? [];
  return kept;
}

/** `chain input { type filter hook input priority 0; policy accept; }` on one line, or without the braces. */
function dividedAtSemicolons(line: number, words: readonly string[]): readonly Statement[] {
  const text = joinWords(words);
  const opening = words.indexOf("{");
  const isBlock = opening >= 0 && words.at(-1) === "}" && opensBlock.test(joinWords(words.slice(0, opening + 1)));
  if (!isBlock && !words.includes(";")) return [{ line, text }];
  const inner = isBlock ? words.slice(opening + 1, -1) : words;
  const parts = splitWords(inner, ";").filter((part) => part.length > 0);
  // A semicolon in braces that are no block.
  if (!isBlock && parts.length < 2) return [{ line, text: joinWords(parts[0] ?? []) }];
  return [
    ...(isBlock ? [{ line, text: joinWords(words.slice(0, opening + 1)) }] : []),
    ...parts.flatMap((part) => dividedAtSemicolons(line, part)),
    ...(isBlock ? [{ line, text: "}" }] : []),
  ];
}
