import { readTexts, type Texts } from "../../explain/texts.ts";
import { type Artifact, type HostDocument, placedText } from "../../ir/artifact.ts";
import { saveHeadings } from "../../languages/registry.ts";
import { type Effects, Failure } from "../effects.ts";
import { readDumps } from "../read-dumps.ts";
import { readHost, thisHost } from "../read-host.ts";

/** The live state of a node, as its own tools print it. */
export interface Dump {
  /** The node's own name, or what the file is called. */
  readonly label: string;
  /** The host's own name, if the dump contains it. */
  readonly host: string | undefined;
  readonly texts: Texts;
}

/** Reads what `--actual` names: this host, or files in any form. */
export async function readDump(paths: readonly string[], effects: Effects): Promise<Dump> {
  const hosts = paths.includes(thisHost)
    ? [(await readHost([thisHost], effects)).document]
    : await readDumps(paths, effects);
  const [host, other] = hosts;
  const label = host?.name ?? paths.join(", ");
  if (other !== undefined)
    throw new Failure(`${paths.join(", ")} contains several hosts: pass the files of one`, "usage");
  return checked(host === undefined ? [] : artifactsOf(host), { label, host: host?.name }, effects);
}

/** Lines of a collected document count from the start of each tool's text; others keep the numbers of the whole. */
function artifactsOf({ kind, texts }: HostDocument): readonly Artifact[] {
  return texts
    .filter(({ heading }) => saveHeadings.has(heading))
    .map((text) => (kind === "collected" ? { ...text, file: text.heading } : { ...text, text: placedText(text) }));
}

const mostProblems = 3;

/** Text that cannot be read may hide the answer: a truncated or empty dump ends the command. */
function checked(
  artifacts: readonly Artifact[],
  { label, host }: Pick<Dump, "label" | "host">,
  { onNotice }: Effects,
): Dump {
  const texts = readTexts(artifacts);
  if (texts.chains.length === 0 && texts.sets.length === 0 && texts.others.length === 0) {
    const why = texts.problems[0] === undefined ? "it has no table" : texts.problems[0];
    throw new Failure(`${label} has no rules, sets or virtual servers: ${why}`, "invalid-input");
  }
  const { problems, cutOff } = texts;
  if (cutOff !== undefined) throw new Failure(cutOff, "invalid-input");
  const more = problems.length > mostProblems ? [`... and ${problems.length - mostProblems} more`] : [];
  for (const problem of [...problems.slice(0, mostProblems), ...more]) {
    onNotice({ kind: "warning", text: problem });
  }
  return { label, host, texts };
}
