import { readTexts, type Texts } from "../../explain/texts.ts";
import { type Artifact, type HostDocument, placedText } from "../../ir/artifact.ts";
import { languageOf, saveHeadings } from "../../languages/registry.ts";
import { parseSource, textsIn } from "../../reconcile/live/parse-dump.ts";
import { type Effects, Failure } from "../effects.ts";
import { readHost, thisHost } from "../read-host.ts";

/** The live state of a node, as its own tools print it. */
export interface Dump {
  /** The node's own name, or what the file is called. */
  readonly label: string;
  /** The host's own name, if the dump contains it. */
  readonly host: string | undefined;
  readonly texts: Texts;
}

/** Reads `--actual`: this host, what collect or `compile -o text` wrote, or what iptables-save and ip6tables-save print. */
export async function readDump(source: string, effects: Effects): Promise<Dump> {
  if (source === thisHost) {
    const { document } = await readHost(thisHost, effects);
    return checked(artifactsOf(document), { label: document.name ?? source, host: document.name }, effects);
  }
  const numbered = { name: source, text: readText(source, effects), number: 0 };
  const { hosts, problems } = parseSource(numbered);
  const broken = problems.find(({ kind }) => kind === "broken");
  if (broken !== undefined) {
    throw new Failure(`${source} is not what collect writes: ${broken.message}`, "invalid-input");
  }
  const [host] = hosts;
  if (host?.kind === "collected")
    return checked(artifactsOf(host), { label: host.name ?? source, host: host.name }, effects);
  const artifacts = hosts.flatMap(artifactsOf);
  // Text that is not recognised may contain rules.
  return checked(
    artifacts.length > 0 ? artifacts : textsIn(languageOf.iptables, numbered),
    { label: source, host: undefined },
    effects,
  );
}

function readText(source: string, { sources }: Effects): string {
  const read = sources.readText(source);
  if (read.kind === "unreadable") throw new Failure(`cannot read ${source}: ${read.reason}`, "invalid-input");
  return read.text.replaceAll("\r\n", "\n");
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
  if (texts.chains.length === 0) {
    const why = texts.problems[0] === undefined ? "it has no table" : texts.problems[0];
    throw new Failure(`${label} is neither output of iptables-save nor of portolan collect: ${why}`, "invalid-input");
  }
  const { problems, cutOff } = texts;
  if (cutOff !== undefined) throw new Failure(cutOff, "invalid-input");
  const more = problems.length > mostProblems ? [`... and ${problems.length - mostProblems} more`] : [];
  for (const problem of [...problems.slice(0, mostProblems), ...more]) {
    onNotice({ kind: "warning", text: `not understood and ignored: ${problem}` });
  }
  return { label, host, texts };
}
