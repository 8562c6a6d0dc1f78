import type { Family } from "../model/address.ts";
import type { LineOrigin, Script } from "./step.ts";
import type { LanguageId, TextPart } from "./text.ts";

/** A text in one language, made by a program or read from a host. */
export interface Artifact extends TextPart {
  readonly language: LanguageId;
  /** Of rules; undefined where the language holds both families in one text. */
  readonly family: Family | undefined;
  /** Where its lines come from; empty where nobody kept that, or knows it. */
  readonly origins: readonly LineOrigin[];
}

/** The artifacts of a script, in the order a host takes them in. */
export function artifactsOf({ steps }: Script): readonly Artifact[] {
  const decoder = new TextDecoder();
  return steps.flatMap(({ language, family, file, stdin, origins = [] }) =>
    file === undefined || stdin.length === 0 ? [] : [{ language, family, file, text: decoder.decode(stdin), origins }],
  );
}
