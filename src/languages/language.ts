import type { Backend, Feature, LanguageId, PlacedProblem, Step, TextPart, TextProblem } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";

/** One tool's text format: how it is recognised, read and written. */
export interface Language<Doc> {
  readonly id: LanguageId;
  /** Names in --out-dir. */
  readonly files: readonly LanguageFile[];
  /** The ways in which its texts are printed and posted; `parse` accepts the first as it is. */
  readonly forms: readonly TextForm[];
  /** Several parts are merged. */
  readonly parse: (parts: readonly TextPart[]) => Parsed<Doc>;
  /** As the tool prints it. */
  readonly write: (doc: Doc) => string;
}

/**
 * A way in which a tool prints what a host has, or in which people post it. Lines are without indentation and without
 * what surrounds them in a page or a log.
 */
export interface TextForm {
  /** The command that prints it: `iptables -S`. */
  readonly printedBy: string;
  /** Whether a line is of this form, wherever it stands. */
  readonly begins: (line: string) => boolean;
  /** Whether a line may follow others of this form. */
  readonly continues?: (line: string) => boolean;
  /** How deep in brackets the next line is: in brackets all lines belong together, readable or not. */
  readonly depthAfter?: (line: string, depth: number) => number;
  /** Nothing else begins in its brackets, whatever a line looks like. */
  readonly isNested?: true;
  /** The lines as `parse` accepts them, one for one; undefined: as they are. */
  readonly toSave?: (lines: readonly string[]) => readonly string[];
  /** What such a text holds that is named and not read; a sentence without a full stop. */
  readonly isUnread?: string;
  /** What this form does not print, and what is assumed instead; a sentence without a full stop. */
  readonly caveat?: (lines: readonly string[]) => string | undefined;
}

export interface Parsed<Doc> {
  readonly doc: Doc;
  readonly problems: readonly PlacedProblem[];
}

export interface LanguageFile {
  readonly name: string;
  readonly family?: Family;
  /** The heading of the text in a host document: the command that prints it, else the one that reads it. */
  readonly heading: string;
  /** `recognize` and `parse` accept it. */
  readonly isSave?: boolean;
}

/** A language for kernel objects: its text can be collected from a host. */
export interface HostLanguage<Doc> extends Language<Doc> {
  /** The commands of `collect`, in order. None of these commands changes anything. */
  readonly collect: readonly CollectCommand[];
  /** The kernel and tool features that steps in this language need, by their text. */
  readonly probes?: (steps: readonly Step[]) => readonly Feature[];
  /** The parts of a text, by what it does not say in each line; undefined: a text is one part. */
  readonly divide?: (text: string, hints: TextHints) => readonly DividedText[];
  /** A host may have the same tables twice, in two back ends: how texts of both are told apart. */
  readonly backEnds?: BackEnds;
  /** A line without the options that may differ for the same object; undefined: the line itself. */
  readonly lineKey?: (line: string) => string;
  /** Of a language with a rule in each line. */
  readonly lines?: RuleLines;
  /** Whether a text is nothing but what the tool prints, so that no look at each of its lines is needed. */
  readonly isWhole?: (text: string) => boolean;
  /** Its texts have rules of packets: nothing else, so that owners are those of chains, or sets and maps beside them. */
  readonly rules?: "only" | "with-sets";
}

/** What a line of a rule says by its form, without being read as a whole. */
export interface RuleLines {
  /** The chain that a rule leads to, or another target; undefined where it names none. */
  readonly targetOf: (line: string) => string | undefined;
  readonly withoutComments: (line: string) => string;
  /** Whether the kernel calls a chain of this name. */
  readonly isBuiltIn: (chain: string) => boolean;
  /** Equal for rules that mean the same. */
  readonly canonical: (line: string) => string;
}

export interface CollectCommand {
  readonly command: string;
  readonly family?: Family;
  /** Without this file there is nothing to read, and the tool would load the kernel module. */
  readonly needs?: string;
  /** `recognize` and `parse` accept its output. */
  readonly isSave?: boolean;
  /** It shows what is beside the iptables of this back end, and is collected only where iptables is of it. */
  readonly beside?: "legacy" | "nft";
}

export interface BackEnds {
  /**
   * Whether two texts of one family dump the same tables: with the same rules, or with others, as two back ends do.
   * `other`: they have no table in common, or one of them is a part of a table.
   */
  readonly compare: (one: TextPart, other: TextPart) => "same" | "two" | "other";
  /** The back end that a tool names in its version. */
  readonly inVersion: (version: string) => Backend;
  /** The heading of a text under which that of the other back end belongs. */
  readonly otherHeading: (heading: string) => string;
}

/** What is known of a text besides its lines. */
export interface TextHints {
  readonly file: string;
  /** The command that a prompt above the text shows: `ip6tables -t nat -S`. */
  readonly command: string | undefined;
  /** The table of a chain by its name, where programs give it away. */
  readonly tableOf: (chain: string) => string | undefined;
}

export interface DividedText extends Pick<TextPart, "text" | "table"> {
  readonly family: Family | undefined;
  /** The command that prints such a text. */
  readonly heading: string;
  /** What was assumed to divide it; a sentence without a full stop. */
  readonly assumed: string | undefined;
}

/** A language without the functions that depend on its document type. */
export type AnyLanguage = Omit<HostLanguage<unknown>, "parse" | "write">;

/** Reads several parts with a reader of single texts, and merges the results. */
export function parseParts<Value>(
  parts: readonly TextPart[],
  read: (text: string) => { readonly values: readonly Value[]; readonly problems: readonly TextProblem[] },
): Parsed<readonly Value[]> {
  const doc: Value[] = [];
  const problems: PlacedProblem[] = [];
  for (const { file, text } of parts) {
    const found = read(text);
    for (const value of found.values) doc.push(value);
    for (const problem of found.problems) problems.push({ file, ...problem });
  }
  return { doc, problems };
}
