import { readTexts, type Texts, type ToolText } from "../../explain/texts.ts";
import { type HostDump, parseHostDump } from "../../reconcile/live/host-dump.ts";
import { compiledTexts, recognizeText, saveCommands, splitFamilies } from "../../reconcile/live/tool-texts.ts";
import type { Effects } from "../effects.ts";
import { Failure } from "../failure.ts";
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
export async function readDump(source: string, effects: Effects): Promise<Dump> {
  if (source === thisHost) {
    const { dump, state } = await readHost(thisHost, effects);
    return checked(dumpedTexts(dump), { label: state.name, host: state.name }, effects);
  }
  const text = readText(source, effects);
  if (recognizeText(text) !== "collected")
    return checked(savedTexts(source, text), { label: source, host: undefined }, effects);
  const parsed = parseHostDump(text);
  if (parsed.kind === "broken") {
    throw new Failure(`${source} is not what collect writes: ${parsed.message}`, "invalid-input");
  }
  const host = parsed.dump.texts["uname -n"]?.trim();
  return checked(dumpedTexts(parsed.dump), { label: host || source, host }, effects);
}

function readText(source: string, { sources }: Effects): string {
  const read = sources.readText(source);
  if (read.kind === "unreadable") throw new Failure(`cannot read ${source}: ${read.reason}`, "invalid-input");
  return read.text.replaceAll("\r\n", "\n");
}

/** Lines count from the start of each tool's text. */
function dumpedTexts({ texts }: HostDump): readonly ToolText[] {
  return saveCommands.flatMap(({ tool, command }) => {
    const text = texts[command];
    return text === undefined ? [] : [{ tool, file: command, text, origins: [] }];
  });
}

/** Each text keeps the line numbers of the whole. What is not recognized may hold rules among other things. */
function savedTexts(file: string, text: string): readonly ToolText[] {
  const compiled = recognizeText(text) === "compiled" ? compiledTexts(text) : [];
  const parts = compiled.length > 0 ? compiled : splitFamilies(file, text);
  return parts.map((part) => ({ ...part, file, origins: [] }));
}

const mostProblems = 3;

/** What cannot be read may hide the answer: a text that is cut off, or none at all, ends the command. */
function checked(
  read: readonly ToolText[],
  { label, host }: Pick<Dump, "label" | "host">,
  { onNotice }: Effects,
): Dump {
  const texts = readTexts(read);
  const cut = texts.problems.find((problem) => problem.includes("has no COMMIT"));
  if (texts.chains.length === 0) {
    const why = texts.problems[0] === undefined ? "it has no table" : texts.problems[0];
    throw new Failure(`${label} is neither output of iptables-save nor of portolan collect: ${why}`, "invalid-input");
  }
  if (cut !== undefined) throw new Failure(`${cut}: the text is truncated`, "invalid-input");
  const { problems } = texts;
  const more = problems.length > mostProblems ? [`... and ${problems.length - mostProblems} more`] : [];
  for (const problem of [...problems.slice(0, mostProblems), ...more]) {
    onNotice({ kind: "warning", text: `not understood, and left out: ${problem}` });
  }
  return { label, host, texts };
}
