import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readFlaggedInputs } from "../../app/read-state.ts";
import { createSink, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { Inputs } from "../../host/files/read-inputs.ts";
import { writeDirectory } from "../../host/files/write-files.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { makeSnapshot, type SnapshotObject } from "../../snapshot/make-snapshot.ts";
import { printSnapshot, printSnapshotFiles, type SnapshotFormat, type SplitBy } from "../../snapshot/print-snapshot.ts";
import { createRedactor } from "../../snapshot/redact.ts";
import { exitCodes } from "../exit-codes.ts";
import type { StateFlags } from "../program/state-flags.ts";
import { startProgress } from "../terminal/progress.ts";

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

/** Names what an earlier run wrote, so that files of objects that are gone can go and others' stay. */
const indexName = ".portolan-snapshot";

/** Makes a directory hold these files; those of the snapshot that it held before and are not among them are removed. */
export function writeSplit(directory: string, files: ReadonlyMap<string, string>): void {
  const names = [...files.keys()].sort();
  const index = { name: indexName, content: names.map((name) => `${name}\n`).join("") };
  const contents = names.map((name) => ({ name, content: files.get(name) ?? "" }));
  writeDirectory(directory, [...contents, index], [...names, ...earlierNames(directory), indexName]);
}

/** Only names such as a snapshot writes: nothing outside the directory is removed, whoever wrote the index. */
function earlierNames(directory: string): readonly string[] {
  try {
    const lines = readFileSync(join(directory, indexName), "utf8").split("\n");
    return lines.filter((line) => /^[^./\\][^/\\]*\.(?:yaml|json)$/.test(line));
  } catch {
    return [];
  }
}
