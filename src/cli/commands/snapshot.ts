import { createHash, createHmac } from "node:crypto";
import { createSink, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { Inputs } from "../../host/sources/read-inputs.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { makeSnapshot, type SnapshotObject } from "../../snapshot/make-snapshot.ts";
import { printSnapshot, printSnapshotFiles, type SnapshotFormat, type SplitBy } from "../../snapshot/print-snapshot.ts";
import { createRedactor } from "../../snapshot/redact/redact.ts";
import { exitCodes } from "../exit-codes.ts";
import type { StateFlags } from "../program/state-flags.ts";
import { readFlaggedInputs } from "../read-state.ts";
import { writeSplit } from "../snapshot/write-split.ts";
import { painter } from "../terminal/color.ts";
import { startProgress } from "../terminal/progress.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../terminal/render-diagnostics.ts";

export interface SnapshotFlags extends StateFlags {
  /** False: --no-pods. */
  readonly pods: boolean;
  readonly output: SnapshotFormat;
  readonly split?: string;
  readonly splitBy: SplitBy;
  readonly redact?: boolean;
  readonly redactKey?: string;
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
  const read = makeSnapshot(valuesOf(inputs));
  const chosen = flags.pods ? read : read.filter(({ kind }) => kind !== "Pod");
  const objects = flags.redact === true || flags.redactKey !== undefined ? redacted(chosen, flags.redactKey) : chosen;
  if (flags.split === undefined) process.stdout.write(printSnapshot(objects, flags.output));
  else writeSplit(flags.split, printSnapshotFiles(objects, flags.output, flags.splitBy));
  return exitCodes.fine;
}

/** Where --proxy-config gives the configuration, it is the only one. */
function valuesOf({ documents, valueCount, proxyConfigDocument }: Inputs): readonly unknown[] {
  const values = documents.slice(0, valueCount).map(({ value }) => value);
  if (proxyConfigDocument === undefined) return values;
  return values.filter(
    (value, number) => number === proxyConfigDocument || !(isRecord(value) && value.kind === "KubeProxyConfiguration"),
  );
}

/**
 * Without a key, the state itself is the key: nobody who does not have it can try out names, and the same state gives
 * the same text.
 */
function redacted(objects: readonly SnapshotObject[], key: string | undefined): readonly SnapshotObject[] {
  const secret =
    key ?? objects.reduce((hash, { value }) => hash.update(JSON.stringify(value)), createHash("sha256")).digest();
  const redact = createRedactor((text) => createHmac("sha256", secret).update(text).digest("hex"));
  return makeSnapshot(objects.map(({ value }) => redact(value)));
}
