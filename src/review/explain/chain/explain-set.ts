import { setKeys, setName, sets } from "../../../modes/ipvs/sets.ts";
import { parseSets, type SavedSet } from "../../../tools/ipset/parse.ts";
import type { LineOrigin } from "../../../tools/script.ts";
import type { Texts } from "../texts.ts";
import { type ExplainedRule, explainRules } from "./explain-chain.ts";

/** What a set of the ipvs mode holds, and which rules ask for it. */
export interface SetExplanation {
  readonly name: string;
  readonly parts: readonly SetPart[];
}

/** The same on all of these nodes. */
export interface SetPart {
  readonly nodes: readonly string[];
  readonly type: string;
  /** What kube-proxy's own comment says it is for; undefined for somebody else's set. */
  readonly purpose: string | undefined;
  readonly file: string;
  readonly line: number;
  readonly entries: readonly {
    readonly line: number;
    readonly text: string;
    readonly cause: LineOrigin | undefined;
  }[];
  readonly rules: readonly ExplainedRule[];
}

/** Explains a set; undefined where there is none of the name. */
export function explainSet(name: string, texts: Texts): Omit<SetPart, "nodes"> | undefined {
  const lines = texts.others.filter(({ tool }) => tool === "ipset");
  const [first] = lines;
  if (first === undefined) return undefined;
  const found = savedSets(texts).find((set) => set.name === name);
  if (found === undefined) return undefined;
  return {
    type: found.type,
    purpose: setPurpose(name),
    file: first.file,
    line: found.line,
    entries: found.entries.map(({ line, text }) => ({ line, text, cause: texts.causeOf(first.file, line) })),
    rules: texts.chains.flatMap((chain) =>
      explainRules(chain, texts, ({ matches }) => matches.some((match) => match.kind === "set" && match.name === name)),
    ),
  };
}

/** Blank lines take the place of what is not there, so that lines keep their numbers. */
function savedSets({ others }: Texts): readonly SavedSet[] {
  const numbered: string[] = [];
  for (const { tool, line, text } of others) if (tool === "ipset") numbered[line - 1] = text;
  return parseSets(Array.from(numbered, (text) => text ?? "").join("\n")).sets;
}

/** What a set of kube-proxy's is for. */
export function setPurpose(name: string): string | undefined {
  const key = setKeys.find((each) => setName(each, "ipv4") === name || setName(each, "ipv6") === name);
  return key && sets[key].comment;
}
