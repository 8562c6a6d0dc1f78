import { readFileSync } from "node:fs";
import { type CheckedDocuments, narrowFindings } from "../../app/narrow-findings.ts";
import { completeInputs, readFlaggedInputs } from "../../app/read-state.ts";
import { type Baseline, parseBaseline, printBaseline } from "../../check/baseline.ts";
import { checkCluster } from "../../check/state/check-cluster.ts";
import { checkAnnotations } from "../../check/suppress.ts";
import { readHosts } from "../../check/text/actual-texts.ts";
import { checkHosts } from "../../check/text/check-host.ts";
import type { CompileOptions } from "../../compile/compile.ts";
import type { Code } from "../../diagnostics/catalog.ts";
import { createSink, type Diagnostic, type Sink } from "../../diagnostics/diagnostic.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { countHidden } from "../../filter/narrowing.ts";
import { readActual } from "../../host/files/read-actual.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { writeWhole } from "../../host/files/write-files.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import { painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { printGithub } from "../../report/findings/github.ts";
import { printJson } from "../../report/findings/json.ts";
import { printJunit } from "../../report/findings/junit.ts";
import {
  type CheckReport,
  createReport,
  type FailOn,
  isAtLeast,
  leftOutSentence,
} from "../../report/findings/report.ts";
import { printSarif } from "../../report/findings/sarif.ts";
import { printText } from "../../report/findings/text.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import type { NarrowFlags } from "../program/narrow-flags.ts";
import { hasState, type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";

export interface CheckFlags extends StateFlags, NarrowFlags {
  readonly actual?: readonly string[];
  readonly output?: "text" | "json" | "junit" | "sarif" | "github";
  readonly failOn: FailOn;
  readonly suppress?: readonly Code[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
}

/** `portolan check`. Exit 1: there are findings at or above --fail-on. */
export async function runCheck(flags: CheckFlags): Promise<number> {
  if (!hasState(flags) && flags.actual === undefined) {
    const message = "say what to check: -f or --live for cluster state, --actual for what a host has";
    throw new CommandFailure(message, exitCodes.usage);
  }
  const baseline = flags.baseline === undefined ? new Map<string, number>() : readBaseline(flags.baseline);
  const progress = startProgress(process.stderr);
  const checked = await checkAll(flags, progress);
  progress.end();
  const unreadable = checked.diagnostics.filter(({ code }) => unreadableCodes.has(code));
  if (unreadable.length > 0) return refuse(unreadable, checked.documents, flags);
  const { shown, hidden, narrowing, ownersOf } = narrowFindings(checked, flags);
  const filter = { suppress: flags.suppress ?? [], baseline };
  const filtered = createReport(shown, checked.documents, filter);
  const others = createReport(hidden, checked.documents, filter).findings.map(({ diagnostic }) => diagnostic);
  const notShown = narrowing && countHidden(others, ownersOf, narrowing);
  const report: CheckReport = { ...filtered, notShown, failOn: flags.failOn, subject: checked.subject };
  if (flags.writeBaseline !== undefined) return writeBaseline(flags.writeBaseline, report);
  process.stdout.write(print(report, flags));
  const isFailed = report.findings.some(({ diagnostic }) => isAtLeast(diagnostic.severity, flags.failOn));
  return isFailed ? exitCodes.different : exitCodes.fine;
}

interface Checked extends CheckedDocuments {
  readonly subject: CheckReport["subject"];
}

async function checkAll(flags: CheckFlags, progress: Progress): Promise<Checked> {
  const sink = createSink();
  const { documents, ...state } = await checkState(flags, sink, progress);
  progress.tell("reading the host's text");
  const actual = readActual(flags.actual ?? [], documents.length, sink);
  for (const { name, files } of actual.groups) {
    progress.tell(`checking ${name === "" ? "the host's text" : name}`);
    const hosts = readHosts(name, files, sink);
    const [first] = files;
    if (name !== "" && hosts.length === 0 && first !== undefined && actual.groups.length === 1)
      throw new CommandFailure(`${name} holds no text of iptables, ipset or ipvsadm`, exitCodes.invalidInput);
    checkHosts(hosts, sink);
  }
  if (flags.actual !== undefined && actual.documents.length === 0)
    throw new CommandFailure(`there is no file in ${flags.actual.join(", ")}`, exitCodes.invalidInput);
  return { diagnostics: sink.diagnostics, documents: [...documents, ...actual.documents], ...state };
}

type CheckedState = Pick<Checked, "documents" | "subject" | "cluster">;

async function checkState(flags: CheckFlags, sink: Sink, progress: Progress): Promise<CheckedState> {
  if (!hasState(flags)) return { documents: [], subject: {}, cluster: undefined };
  progress.tell("reading the input");
  const read = await readFlaggedInputs(flags, { sink, need: "pods", tell: progress.tell });
  if (sink.diagnostics.length > 0) return { documents: read.documents, subject: {}, cluster: undefined };
  const { inputs } = completeInputs(read, { flags }, sink);
  const options: CompileOptions = {
    mode: flags.mode,
    families: wantedFamilies(flags.family),
    nodePortRange: flags.serviceNodePortRange,
  };
  const { proxyConfigDocument, overlaysFrom, recomputed } = inputs;
  const documents = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  progress.tell("checking the cluster");
  const { notes, cluster, ...subject } = checkCluster(
    { documents, roles: { proxyConfigDocument, overlaysFrom, recomputed }, options, node: flags.node },
    sink,
  );
  checkAnnotations(documents, sink);
  progress.end();
  process.stderr.write(renderDiagnostics(notes, inputs.documents, painter(process.stderr, flags.color)));
  return { documents: inputs.documents, subject, cluster };
}

/** What cannot be read, or is not there: without it not much can be said of the rest. */
const unreadableCodes: ReadonlySet<Code> = new Set<Code>([
  "input-unreadable",
  "input-empty",
  "input-not-text",
  "syntax-invalid",
  "document-not-a-mapping",
  "document-without-kind",
  "node-unknown",
  "dump-unreadable",
  "dump-unrecognised",
  "dump-line-broken",
]);

function refuse(
  diagnostics: readonly Diagnostic[],
  documents: readonly SourceDocument[],
  { color }: CheckFlags,
): number {
  process.stderr.write(renderDiagnostics(diagnostics, documents, painter(process.stderr, color)));
  process.stderr.write(`\n${summarizeDiagnostics(diagnostics)}; nothing was checked\n`);
  return exitCodes.invalidInput;
}

function readBaseline(path: string): Baseline {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const hint = "--write-baseline writes one";
    throw new CommandFailure(`cannot read the baseline ${path}: ${reasonOf(error)}; ${hint}`, exitCodes.invalidInput);
  }
  const baseline = parseBaseline(text);
  if (typeof baseline !== "string") return baseline;
  throw new CommandFailure(`${path} cannot be the baseline: ${baseline}`, exitCodes.invalidInput);
}

function writeBaseline(path: string, report: CheckReport): number {
  const { findings } = report;
  const leftOut = leftOutSentence(report);
  try {
    writeWhole(path, printBaseline(findings.map(({ key }) => key)), 0o644);
  } catch (error) {
    throw new CommandFailure(`cannot write ${path}: ${reasonOf(error)}`, exitCodes.environment);
  }
  process.stderr.write(`${path}: ${findings.length} ${findings.length === 1 ? "finding" : "findings"}\n`);
  if (leftOut !== undefined) process.stderr.write(`${escapeControls(leftOut)}\n`);
  return exitCodes.fine;
}

function print(report: CheckReport, { output = "text", color }: CheckFlags): string {
  switch (output) {
    case "text":
      return printText(report, painter(process.stdout, color));
    case "json":
      return printJson(report);
    case "junit":
      return printJunit(report);
    case "sarif":
      return printSarif(report);
    case "github":
      return printGithub(report);
  }
}
