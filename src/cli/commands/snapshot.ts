import { createSink, hasErrors } from "../../diagnostics/diagnostic.ts";
import { makeSnapshot } from "../../snapshot/make-snapshot.ts";
import { printSnapshot, printSnapshotFiles, type SnapshotFormat, type SplitBy } from "../../snapshot/print-snapshot.ts";
import { painter } from "../color.ts";
import { exitCodes } from "../exit-codes.ts";
import { startProgress } from "../progress.ts";
import { readFlaggedInputs } from "../read-state.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../render-diagnostics.ts";
import { writeSplit } from "../snapshot/write-split.ts";
import type { StateFlags } from "../state-flags.ts";

export interface SnapshotFlags extends StateFlags {
  /** False: --no-pods. */
  readonly pods: boolean;
  readonly output: SnapshotFormat;
  readonly split?: string;
  readonly splitBy: SplitBy;
}

/** `portolan snapshot`. What cannot be read ends it; what is wrong with objects is for `check` to say. */
export async function runSnapshot(flags: SnapshotFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const sink = createSink();
  const inputs = await readFlaggedInputs(flags, { sink, need: flags.pods ? "pods" : "rules", tell: progress.tell });
  progress.end();
  const { diagnostics } = sink;
  process.stderr.write(renderDiagnostics(diagnostics, inputs.documents, painter(process.stderr, flags.color)));
  if (hasErrors(diagnostics)) {
    process.stderr.write(`\n${summarizeDiagnostics(diagnostics)}; nothing was written\n`);
    return exitCodes.invalidInput;
  }
  const read = makeSnapshot(inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value));
  const objects = flags.pods ? read : read.filter(({ kind }) => kind !== "Pod");
  if (flags.split === undefined) process.stdout.write(printSnapshot(objects, flags.output));
  else writeSplit(flags.split, printSnapshotFiles(objects, flags.output, flags.splitBy));
  return exitCodes.fine;
}
