import { printState } from "../../app/print-state.ts";
import { readState } from "../../app/read-state.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { namesText } from "../../report/words.ts";
import { exitCodes } from "../exit-codes.ts";
import { type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { startProgress } from "../terminal/progress.ts";

export interface SimulateCommandFlags extends StateFlags {
  readonly output: "yaml" | "json";
}

const mostNames = 6;

/** `portolan simulate`. Prints the whole state, or nothing where there are errors. */
export async function runSimulate(flags: SimulateCommandFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const families = wantedFamilies(flags.family);
  const { inputs, sink } = await readState({ ...flags, simulate: true }, { families }, progress.tell);
  progress.end();
  const failed = hasErrors(sink.diagnostics);
  process.stderr.write(renderDiagnostics(sink.diagnostics, inputs.documents, painter(process.stderr, flags.color)));
  if (!failed) {
    const { text, ignored } = printState(inputs, flags.output);
    process.stdout.write(text);
    if (ignored.length > 0) process.stderr.write(`\nignored: ${escapeControls(namesText(ignored, mostNames))}\n`);
  }
  const summary = summarizeDiagnostics(sink.diagnostics);
  if (summary !== "") process.stderr.write(`\n${summary}${failed ? "; nothing was written" : ""}\n`);
  return failed ? exitCodes.invalidInput : exitCodes.fine;
}
