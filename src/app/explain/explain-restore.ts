import { checkRestoreLine } from "../../check/text/restore-line.ts";
import { chainPurpose, ownersByComments } from "../../explain/chain/chain-owner.ts";
import { entryOf, readTexts } from "../../explain/texts.ts";
import { serviceInRule } from "../../programs/registry.ts";
import { type Effects, Failure } from "../effects.ts";
import type { Explained } from "./compile-state.ts";

/** A line of a file with input of iptables-restore. */
export function explainRestoreLine(files: readonly string[], line: number, { sources }: Effects): Explained {
  const [file = "", other] = files;
  if (other !== undefined) throw new Failure("a line number needs one file: pass one --actual", "usage");
  const read = sources.readText(file);
  if (read.kind === "unreadable") throw new Failure(`cannot read ${file}: ${read.reason}`, "invalid-input");
  const text = read.text.replaceAll("\r\n", "\n");
  const found = checkRestoreLine(text, line);
  if (found === undefined)
    throw new Failure(
      `${file} has no line ${line}: it ends at line ${text.trimEnd().split("\n").length}`,
      "invalid-input",
    );
  const explanation = { file, ...found, owner: ownerOf(text, found) };
  return { answer: { kind: "restore-line", explanation }, sourceOf: () => undefined };
}

interface Placed {
  readonly text: string;
  readonly table: string | undefined;
}

/** The chain of the line, and what it is for. */
function ownerOf(text: string, { text: line, table }: Placed): string | undefined {
  const [, chain] = /^(?::|-[A-Z] )(\S+)/.exec(line.trim()) ?? [];
  if (chain === undefined || table === undefined) return undefined;
  const texts = readTexts([{ file: "", language: "iptables", family: undefined, text, origins: [] }]);
  const service = ownersByComments(texts)(chain) ?? serviceInRule(line);
  return `chain ${chain} ${chainPurpose({ table, name: chain, entry: entryOf(chain) }, service)}${service === undefined ? "" : ` (service port ${service})`}`;
}
