import { createSink, createSubject } from "../diagnostics/diagnostic.ts";
import type { Host } from "../host/run-step.ts";
import type { HostDocument, HostText } from "../ir/artifact.ts";
import { ruleHeadings } from "../languages/registry.ts";
import {
  collectedDocument,
  collectHeadings,
  isRepeated,
  neededFile,
  parseDocument,
} from "../reconcile/live/collected-document.ts";
import { type HostProblem, type HostState, parseHostState } from "../reconcile/live/host-state.ts";
import { ownedOnHost } from "../reconcile/live/live-state.ts";
import { describeProblem, type HostReading, isUnread, readHostDocument } from "../reconcile/live/read-host-document.ts";
import { serializeState } from "../reconcile/serialize-state.ts";
import { type Effects, Failure, type Machine } from "./effects.ts";
import { readDumps } from "./read-dumps.ts";

/** What `--actual` may name besides files: the host that this runs on. */
export const thisHost = "local";

/** Where a host's state is read: files with text of its tools, `-`, or `local`; undefined: this host. */
export type HostSource = readonly string[] | undefined;

/** A host document, and what it says. */
export interface ReadHost extends Pick<HostReading, "state" | "otherRules"> {
  readonly document: HostDocument;
}

/**
 * Reads a host. Throws if its state cannot be determined with certainty. `isForChange`: this host is about to be changed,
 * so its state must last.
 */
export async function readHost(source: HostSource, effects: Effects, { isForChange = false } = {}): Promise<ReadHost> {
  if (source === undefined || source.includes(thisHost)) return readThisHost(effects, isForChange);
  const called = source.join(", ");
  const [document, other] = await readDumps(source, effects);
  if (document === undefined) throw new Failure(`${called} is empty`, "invalid-input");
  if (other !== undefined) throw new Failure(`${called} contains several hosts: pass the files of one`, "usage");
  const { problems, ...read } = readHostDocument(document);
  refuseUnreliable(problems, `${called} cannot be relied on`, "invalid-input");
  return { document, ...read };
}

/**
 * Throws where there are rules of kube-proxy's kind beside those that are read: they would stay in effect. Only warns
 * where it is unknown whether there are.
 */
export function refuseOtherRules({ otherRules }: Pick<ReadHost, "otherRules">, effects: Effects): void {
  warnOfOtherRules(otherRules.filter(isUnread), effects);
  refuseUnreliable(
    otherRules.filter((one) => !isUnread(one)),
    "packets meet other rules of kube-proxy's kind on this host",
    "environment",
  );
}

/** Throws where it is unknown whether there are such rules: then nothing can be said about what packets meet. */
export function refuseUnknownRules({ otherRules }: Pick<ReadHost, "otherRules">): void {
  refuseUnreliable(otherRules.filter(isUnread), "this host cannot be verified", "environment");
}

export function warnOfOtherRules(problems: readonly HostProblem[], { onNotice }: Effects): void {
  if (problems.length === 0) return;
  const sink = createSink();
  const report = sink.reporter(createSubject());
  for (const { code, heading, message } of problems) report(code, undefined, { command: heading, problem: message });
  onNotice({ kind: "diagnostics", groups: [{ diagnostics: sink.diagnostics, documents: [] }] });
}

function refuseUnreliable([problem, ...more]: readonly HostProblem[], where: string, kind: Failure["kind"]): void {
  if (problem === undefined) return;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  throw new Failure(`${where}: ${describeProblem(problem)}${others}`, kind, problem.code);
}

/** How many states of a host that changes meanwhile are read before it is given up. */
const mostStates = 5;

/**
 * Reads until two readings in a row have the same objects of ours: a tool may leave out something once. Before a change
 * the rules must last for some more: what is sent to a host that another program keeps changing is undone, and so is a
 * rollback.
 */
async function readThisHost(effects: Effects, isForChange: boolean): Promise<ReadHost> {
  const machine = await effects.machine();
  refuseUnreadableHost(machine);
  let before: string | undefined;
  for (let states = 0; states < mostStates; ) {
    const document = await collectDump(machine.host, effects.onProgress);
    const { problems, ...read } = readHostDocument(document);
    refuseUnreliable(problems, "cannot read this host", "environment");
    const owned = ownedText(read.state);
    if (owned !== before) {
      states += 1;
      before = owned;
    } else if (!isForChange || (await areRulesLasting(owned, document, machine))) return { document, ...read };
    else before = undefined;
  }
  const message = "another program keeps changing the rules of kube-proxy on this host";
  const changed: HostProblem = { code: "host-changed-while-read", heading: "iptables-save", line: undefined, message };
  return refuseUnreliable([changed], "cannot read this host", "environment") as never;
}

function ownedText(state: HostState): string {
  return JSON.stringify(serializeState(ownedOnHost(state, { desiredServers: new Set(), excluded: [] })));
}

/** How often the rules are read once more. A program that changes them to and fro shows the same ones in some readings. */
const furtherReadings = 3;

/** Longer texts are not read again: that takes too long. */
const longestReread = 5_000_000;

/** Whether the rules alone, read again, leave our objects as they are in a document. */
async function areRulesLasting(owned: string, document: HostDocument, { host }: Machine): Promise<boolean> {
  const rules = document.texts.filter(({ heading }) => ruleHeadings.has(heading));
  if (rules.reduce((sum, { text }) => sum + text.length, 0) > longestReread) return true;
  const others = document.texts.filter((text) => !rules.includes(text));
  for (let left = furtherReadings; left > 0; left--) {
    const again: HostText[] = [];
    for (const text of rules) {
      const { stdout, failure } = await host.run(text.heading.split(" "), "");
      if (failure !== undefined) return false;
      again.push({ ...text, text: stdout });
    }
    if (ownedText(parseHostState({ ...document, texts: [...others, ...again] }).state) !== owned) return false;
  }
  return true;
}

/** Throws if the rules of this host cannot be read. */
export function refuseUnreadableHost({ unreadableReason }: Machine): void {
  const reason = unreadableReason();
  if (reason !== undefined) throw new Failure(reason, "environment");
}

/** Reads a backup: only a whole document of collect. Throws where it is anything else, or cannot be relied on. */
export function readBackup(path: string, { sources }: Effects): ReadHost {
  const read = sources.readText(path);
  if (read.kind === "unreadable") throw new Failure(`cannot read ${path}: ${read.reason}`, "invalid-input");
  const parsed = parseDocument({ file: path, text: read.text, source: 0 });
  if (parsed.kind !== "document")
    throw new Failure(`${path} is not what collect writes: ${parsed.message}`, "invalid-input");
  const { problems, ...host } = readHostDocument(parsed.document);
  refuseUnreliable(problems, `${path} cannot be relied on`, "invalid-input");
  return { document: parsed.document, ...host };
}

/** What the tools of a host print. A tool that is missing or fails leaves its reason, not an error. */
export async function collectDump(
  { run, exists }: Host,
  onProgress: (what: string) => void,
  interrupt?: AbortSignal,
): Promise<HostDocument> {
  const texts: Record<string, string> = {};
  const failures: Record<string, string> = {};
  for (const command of collectHeadings) {
    onProgress(`reading this host: ${command.split(" ", 2).join(" ")}`);
    if (isRepeated(command, (version) => texts[version] ?? "")) continue;
    const file = neededFile(command);
    if (file !== undefined && !exists(file)) {
      failures[command] = `no ${file}`;
      continue;
    }
    const { stdout, failure } = await run(command.split(" "), "", interrupt);
    if (failure === undefined) texts[command] = stdout;
    else failures[command] = failure;
  }
  return collectedDocument({ texts, failures });
}
