import type { Feature, LanguageId, PlacedProblem, Step, TextPart, TextProblem } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";

/** How one tool is spoken: which texts are in its language, and how they are read and written. */
export interface Language<Doc> {
  readonly id: LanguageId;
  /** Names in --out-dir. */
  readonly files: readonly LanguageFile[];
  /** Whether a text is in this language, by its first line that is no comment. */
  readonly recognize: (line: string) => boolean;
  /** Parts lie one over the other. */
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
  /** Where a host document keeps such a text: the command that prints it, or else the one that it is for. */
  readonly heading: string;
  /** It is what `recognize` knows and `parse` reads. */
  readonly isSave?: boolean;
}

/** A language that is spoken with a kernel: a host can be asked what it has. */
export interface HostLanguage<Doc> extends Language<Doc> {
  /** What `collect` runs, in order. None of these commands changes anything. */
  readonly collect: readonly CollectCommand[];
  /** What steps in this language ask of a kernel and its tools, by their text. */
  readonly probes?: (steps: readonly Step[]) => readonly Feature[];
  /** Texts that one save may hold, by family; undefined: the language knows no families. */
  readonly splitFamilies?: (file: string, text: string) => readonly FamilyText[];
  /** What the tool prints for people to read, and no reader takes. */
  readonly isListing?: (line: string) => boolean;
}

export interface CollectCommand {
  readonly command: string;
  readonly family?: Family;
  /** The tool would load the kernel module; without this file there is nothing to read. */
  readonly needs?: string;
  /** What it prints is what `recognize` knows and `parse` reads. */
  readonly isSave?: boolean;
}

export interface FamilyText {
  readonly family: Family;
  readonly text: string;
}

/** Reads parts that lie one over the other with a reader of single texts. */
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
