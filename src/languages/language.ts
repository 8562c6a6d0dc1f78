import type { Feature, LanguageId, PlacedProblem, Step, TextPart, TextProblem } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";

/** One tool's text format: how it is recognised, read and written. */
export interface Language<Doc> {
  readonly id: LanguageId;
  /** Names in --out-dir. */
  readonly files: readonly LanguageFile[];
  /** Whether a text is in this language, by its first line that is not a comment. */
  readonly recognize: (line: string) => boolean;
  /** Several parts are merged. */
  readonly parse: (parts: readonly TextPart[]) => Parsed<Doc>;
  /** As the tool prints it. */
  readonly write: (doc: Doc) => string;
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
  /** Texts of one file, by family; undefined: the language has no families. */
  readonly splitFamilies?: (file: string, text: string) => readonly FamilyText[];
  /** Output for people, which cannot be parsed. */
  readonly isListing?: (line: string) => boolean;
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

export interface FamilyText {
  readonly family: Family;
  readonly text: string;
}

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
