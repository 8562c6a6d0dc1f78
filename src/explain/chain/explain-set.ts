import type { LineOrigin } from "../../ir/artifact.ts";
import { parseSets, type SavedSet } from "../../languages/ipset/text.ts";
import { purposeOf as purposeOfObject } from "../../programs/registry.ts";
import type { Texts } from "../texts.ts";
import { type ExplainedRule, explainRules } from "./explain-chain.ts";

/** The contents of a set of ipvs mode, and the rules that match on it. */
export interface SetExplanation {
  readonly name: string;
  readonly parts: readonly SetPart[];
}

/** The explanation for nodes where it is the same. */
export interface SetPart {
  readonly nodes: readonly string[];
  readonly type: string;
  /** The purpose according to kube-proxy's own comment; undefined for a foreign set. */
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

/** Explains a set; undefined where none has this name. */
export function explainSet(name: string, texts: Texts): Omit<SetPart, "nodes"> | undefined {
  const lines = texts.others.filter(({ language }) => language === "ipset");
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

/** Missing lines are replaced by blank ones, so that lines keep their numbers. */
function savedSets({ others }: Texts): readonly SavedSet[] {
  const numbered: string[] = [];
  for (const { language, line, text } of others) if (language === "ipset") numbered[line - 1] = text;
  return parseSets(Array.from(numbered, (text) => text ?? "").join("\n")).sets;
}

/** The purpose of one of kube-proxy's sets. */
export function setPurpose(name: string): string | undefined {
  return purposeOfObject({ kind: "set", name }, undefined);
}

/** The purpose and origin of a line of the sets or virtual servers. */
export interface EntryExplanation {
  readonly text: string;
  readonly parts: readonly EntryPart[];
}

export interface EntryPart {
  readonly nodes: readonly string[];
  readonly file: string;
  readonly line: number;
  /** Completes "it ...". */
  readonly purpose: string;
  readonly cause: LineOrigin | undefined;
  /** The rules that match on the set. */
  readonly rules: readonly ExplainedRule[];
}

/** Finds a line of the sets, virtual servers or addresses; options of a virtual server may be left out. */
export function explainEntryIn(text: string, texts: Texts): readonly Omit<EntryPart, "nodes">[] {
  const wanted = text.split(/\s+/).join(" ");
  return texts.others
    .filter((line) => line.text === wanted || line.text.startsWith(`${wanted} `))
    .map(({ file, line, text: found }) => {
      const [, set] = /^add (\S+)/.exec(found) ?? [];
      const rules = texts.chains.flatMap((chain) =>
        explainRules(chain, texts, ({ matches }) =>
          matches.some((match) => match.kind === "set" && match.name === set),
        ),
      );
      return { file, line, purpose: purposeOf(found, set), cause: texts.causeOf(file, line), rules };
    });
}

function purposeOf(text: string, set: string | undefined): string {
  const words = text.split(" ");
  const protocol = words[1] === "-t" ? "TCP" : words[1] === "-u" ? "UDP" : "SCTP";
  if (set !== undefined) return `is an entry of ${set}: ${setPurpose(set) ?? "a set of another program"}`;
  if (words[0] === "-A") return `is the virtual server for ${protocol} ${words[2]}, scheduler ${words[4] ?? "?"}`;
  if (words[0] === "-a") return `is a real server of ${protocol} ${words[2]}: connections go to ${words[4] ?? "?"}`;
  if (words[0] === "addr") return `makes ${words[2] ?? "an address"} an address of this host`;
  return "creates a set";
}
