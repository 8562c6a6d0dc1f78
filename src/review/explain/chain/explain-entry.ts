import type { LineOrigin } from "../../../tools/script.ts";
import type { Texts } from "../texts.ts";
import { type ExplainedRule, explainRules } from "./explain-chain.ts";
import { setPurpose } from "./explain-set.ts";

/** A line of the sets or virtual servers: what it is for, and where it comes from. */
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
  /** The rules that ask for the set. */
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
  if (set !== undefined) return `is an entry of ${set}: ${setPurpose(set) ?? "somebody else's set"}`;
  if (words[0] === "-A")
    return `is the virtual server for ${protocol} ${words[2]}, which chooses by ${words[4] ?? "?"}`;
  if (words[0] === "-a") return `is a real server of ${protocol} ${words[2]}: connections go to ${words[4] ?? "?"}`;
  if (words[0] === "addr") return `makes ${words[2] ?? "an address"} an address of this host`;
  return "makes a set";
}
