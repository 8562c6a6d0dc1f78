import { narrowingOf } from "../../app/narrowing.ts";
import { readSides, type Sides } from "../../app/sides/read-sides.ts";
import type { SideRequest } from "../../app/sides/side-request.ts";
import { diffSides } from "../../diff/diff-sides.ts";
import type { TrafficDiff } from "../../diff/traffic-diff.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { writeWhole } from "../../host/files/write-files.ts";
import { painter } from "../../report/diagnostics.ts";
import { type DiffDetail, type DiffFormat, renderDiff } from "../../report/diff/diff.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import type { NarrowFlags } from "../program/narrow-flags.ts";
import { startProgress } from "../terminal/progress.ts";

/** A file to write beside what goes to stdout. */
export interface Report {
  readonly format: DiffFormat;
  readonly file: string;
}

export interface DiffFlags extends Omit<SideRequest, "base" | "head">, NarrowFlags {
  readonly detail: DiffDetail;
  readonly output: DiffFormat;
  readonly report?: readonly Report[];
}

/**
 * `portolan diff`. Exit 1: there are differences in what is shown, of traffic or, unless only traffic was asked for, of
 * rules.
 */
export async function runDiff(base: string | undefined, head: string | undefined, flags: DiffFlags): Promise<number> {
  const { detail, output, report: reports = [], color } = flags;
  refuseSharedFiles(reports);
  const progress = startProgress(process.stderr);
  const sides = await readSides({ ...flags, base, head }, progress.tell);
  progress.tell("comparing");
  const narrowing = narrowingOf(flags, { clusters: sides.clusters, lines: () => linesOf(sides) });
  const diff = diffSides(sides.base, sides.head, narrowing);
  progress.end();
  const texts = reports.map(({ format, file }) => ({ file, text: renderDiff(diff, format, { detail }) }));
  const columns = process.stdout.columns ?? 80;
  const result = renderDiff(diff, output, { detail, paint: painter(process.stdout, color), columns });
  for (const { file, text } of texts) writeReport(file, text);
  process.stdout.write(result);
  return isDifferent(diff, detail) ? exitCodes.different : exitCodes.fine;
}

function* linesOf({ base, head }: Sides): Iterable<string> {
  for (const { texts } of [...base.nodes, ...head.nodes]) {
    for (const { text } of [...texts.iptables, ...texts.ip6tables]) yield* text.split("\n");
  }
}

function refuseSharedFiles(reports: readonly Report[]): void {
  const files = reports.map(({ file }) => file);
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) throw new CommandFailure(`two reports have the same file ${twice}`, exitCodes.usage);
}

/** Open to others than its owner: reports are for reading. */
function writeReport(file: string, text: string): void {
  try {
    writeWhole(file, text, 0o644);
  } catch (error) {
    throw new CommandFailure(`cannot write ${file}: ${reasonOf(error)}`, exitCodes.environment);
  }
}

function isDifferent({ changes, rules }: TrafficDiff, detail: DiffDetail): boolean {
  if (changes.some(({ severity }) => severity !== "cosmetic")) return true;
  if (detail === "traffic") return false;
  return (
    changes.length > 0 || rules.some(({ added, changed, removed, moved }) => added + changed + removed + moved > 0)
  );
}
