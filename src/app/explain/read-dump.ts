import { readFileSync } from "node:fs";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { startProgress } from "../../cli/terminal/progress.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { readTexts, type Texts, type ToolText } from "../../explain/texts.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { type HostDump, parseHostDump } from "../../reconcile/live/host-dump.ts";
import { compiledTexts, recognizeText, saveCommands, splitFamilies } from "../../reconcile/live/tool-texts.ts";
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
    const { dump, state } = await readHost(thisHost, startProgress(process.stderr));
    return checked(dumpedTexts(dump), state.name, state.name);
  }
  const text = readText(source);
  if (recognizeText(text) !== "collected") return checked(savedTexts(source, text), source, undefined);
  const parsed = parseHostDump(text);
  if (parsed.kind === "broken") {
    throw new CommandFailure(`${source} is not what collect writes: ${parsed.message}`, exitCodes.invalidInput);
  }
  const host = parsed.dump.texts["uname -n"]?.trim();
  return checked(dumpedTexts(parsed.dump), host || source, host);
}

function readText(source: string): string {
  try {
    return readFileSync(source === "-" ? 0 : source, "utf8").replaceAll("\r\n", "\n");
  } catch (error) {
    throw new CommandFailure(`cannot read ${source}: ${reasonOf(error)}`, exitCodes.invalidInput);
  }
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
function checked(toolTextsRead: readonly ToolText[], label: string, host: string | undefined): Dump {
  const texts = readTexts(toolTextsRead);
  const cut = texts.problems.find((problem) => problem.includes("has no COMMIT"));
  if (texts.chains.length === 0) {
    const why = texts.problems[0] === undefined ? "it has no table" : texts.problems[0];
    throw new CommandFailure(
      `${label} is neither output of iptables-save nor of portolan collect: ${why}`,
      exitCodes.invalidInput,
    );
  }
  if (cut !== undefined) throw new CommandFailure(`${cut}: the text is truncated`, exitCodes.invalidInput);
  const { problems } = texts;
  const more = problems.length > mostProblems ? [`... and ${problems.length - mostProblems} more`] : [];
  for (const problem of [...problems.slice(0, mostProblems), ...more]) {
    process.stderr.write(`warning: not understood and ignored: ${escapeControls(problem)}\n`);
  }
  return { label, host, texts };
}
