import type { Artifact } from "./artifact.ts";

/**
 * What one host holds, as its tools print it: what `collect` writes, and what every command makes of the texts it is given.
 * It lies in ir/ since readers of every layer take it: the datapath, reconcile, explain, check and diff.
 */
export interface HostDocument {
  /** How the texts came: from collect, which leaves nothing out; from compile; or saved one by one. */
  readonly kind: "collected" | "compiled" | "saved";
  /** Of a collected document; those without a version are of the first. */
  readonly version: number;
  /** As the host calls itself, or as the heading over its texts does; undefined where nothing says it. */
  readonly name: string | undefined;
  readonly texts: readonly HostText[];
  /** Why there is no text under a heading: the tool is not installed, or what it printed when it failed. */
  readonly failures: Readonly<Record<string, string>>;
}

export interface HostText extends Artifact {
  /** The command that prints such a text: `iptables-save`. */
  readonly heading: string;
  /** Which of the texts that were read it is in, from 0. */
  readonly source: number;
  /** The line of that text at which it begins, from 1. */
  readonly firstLine: number;
}

/** A text with blank lines for what comes before it in its file, so that its lines count as there. */
export function placedText({ text, firstLine }: HostText): string {
  return "\n".repeat(firstLine - 1) + text;
}

/** The texts under a heading, in order. */
export function textsUnder({ texts }: HostDocument, heading: string): readonly HostText[] {
  return texts.filter((text) => text.heading === heading);
}
