import { readFileSync } from "node:fs";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { startProgress } from "../../cli/terminal/progress.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { readTexts, type Texts } from "../../explain/texts.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import type { Artifact } from "../../ir/artifact.ts";
import { type HostDocument, placedText } from "../../ir/host-document.ts";
import { languageOf, saveHeadings } from "../../languages/registry.ts";
import { parseSource, textsIn } from "../../reconcile/live/parse-dump.ts";
import { readHost, thisHost } from "../host/read-host.ts";

/** What a node holds, as its own tools print it. */
export interface Dump {
  /** The node's own name, or what the file is called. */
  readonly label: string;
  /** The name it calls itself, where the dump tells. */
  readonly host: string | undefined;
  readonly texts: Texts;
}

/** Reads `--actual`: this host, what collect or `compile -o text` wrote, or what iptables-save and ip6tables-save print. */
export async function readDump(source: string): Promise<Dump> {
  if (source === thisHost) {
    const { document } = await readHost(thisHost, startProgress(process.stderr));
    return checked(artifactsOf(document), document.name ?? source, document.name);
  }
  const numbered = { name: source, text: readText(source), number: 0 };
  const { hosts, problems } = parseSource(numbered);
  const broken = problems.find(({ kind }) => kind === "broken");
  if (broken !== undefined) {
    throw new CommandFailure(`${source} is not what collect writes: ${broken.message}`, exitCodes.invalidInput);
  }
  const [host] = hosts;
  if (host?.kind === "collected") return checked(artifactsOf(host), host.name ?? source, host.name);
  const artifacts = hosts.flatMap(artifactsOf);
  // What is not recognised may hold rules among other things.
  return checked(artifacts.length > 0 ? artifacts : textsIn(languageOf.iptables, numbered), source, undefined);
}

function readText(source: string): string {
  try {
    return readFileSync(source === "-" ? 0 : source, "utf8").replaceAll("\r\n", "\n");
  } catch (error) {
    throw new CommandFailure(`cannot read ${source}: ${reasonOf(error)}`, exitCodes.invalidInput);
  }
}

/** Lines of a collected document count from the start of each tool's text; others keep the numbers of the whole. */
function artifactsOf({ kind, texts }: HostDocument): readonly Artifact[] {
  return texts
    .filter(({ heading }) => saveHeadings.has(heading))
    .map((text) => (kind === "collected" ? { ...text, file: text.heading } : { ...text, text: placedText(text) }));
}

const mostProblems = 3;

/** What cannot be read may hide the answer: a text that is cut off, or none at all, ends the command. */
function checked(artifacts: readonly Artifact[], label: string, host: string | undefined): Dump {
  const texts = readTexts(artifacts);
  if (texts.chains.length === 0) {
    const why = texts.problems[0] === undefined ? "it has no table" : texts.problems[0];
    throw new CommandFailure(
      `${label} is neither iptables-save text nor what collect writes: ${why}`,
      exitCodes.invalidInput,
    );
  }
  const { problems, cutOff } = texts;
  if (cutOff !== undefined) throw new CommandFailure(cutOff, exitCodes.invalidInput);
  const more = problems.length > mostProblems ? [`... and ${problems.length - mostProblems} more`] : [];
  for (const problem of [...problems.slice(0, mostProblems), ...more]) {
    process.stderr.write(`warning: not understood, and left out: ${escapeControls(problem)}\n`);
  }
  return { label, host, texts };
}
