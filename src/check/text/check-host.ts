import { createSink, createSubject, type Diagnostic, type Sink } from "../../diagnostics/diagnostic.ts";
import { at, documentPlace, placeIn } from "../../diagnostics/place.ts";
import { type HostDocument, textsUnder } from "../../ir/artifact.ts";
import { tableName } from "../../languages/nftables/stages.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { PlaceOfChain } from "../../programs/traffic-mode.ts";
import type { HostProblem } from "../../reconcile/live/host-state.ts";
import { type DumpNote, type DumpProblem, joinHosts, parseSource } from "../../reconcile/live/parse-dump.ts";
import { readHostDocument, readOtherRules } from "../../reconcile/live/read-host-document.ts";
import { checkTraffic } from "../traffic/check-traffic.ts";
import { chainEmpty, chainLoop, chainsWithoutCallers, jumpTargetMissing } from "./chain-rules.ts";
import { type CheckedHost, parseHost, type TextRule } from "./checked-host.ts";
import { masqueradeMark, modesMixed, setMissing, virtualServerUnbound } from "./own-object-rules.ts";
import { ruleUnreachable } from "./rule-unreachable.ts";
import { shareLeaks } from "./share-leaks.ts";
import { tableReferences, tableShares } from "./table-rules.ts";
import { targetMisplaced } from "./target-misplaced.ts";

/** A text as it was read, and the document number of its lines. */
export interface ActualFile {
  /** Its path; for some files only the name shows the contents. */
  readonly name: string;
  readonly text: string;
  readonly document: number;
  /** A file of a folder: unrelated files there are ignored. */
  readonly isFromFolder: boolean;
}

/**
 * The hosts of the files: one with the name of the folder, and those named by headings such as
 * `node1/iptables.restore`. Sources of their texts are numbered as the files' documents.
 */
export function readHosts(name: string, files: readonly ActualFile[], sink: Sink): readonly HostDocument[] {
  const reported = createSink();
  const found = files.flatMap((file) => {
    const { hosts, problems, notes } = parseSource({ ...file, number: file.document });
    for (const problem of problems) reportProblem(problem, file, reported);
    if (!file.isFromFolder || hosts.length > 0) for (const note of notes) reportNote(note, file, reported);
    return hosts.map((host) => (host.kind === "compiled" && host.name !== undefined ? host : { ...host, name }));
  });
  sink.diagnostics.push(...withoutFields(reported));
  return joinHosts(found.filter(({ texts }) => texts.length > 0));
}

function reportProblem({ kind, line, message }: DumpProblem, { document, isFromFolder }: ActualFile, sink: Sink): void {
  const report = sink.reporter(createSubject());
  switch (kind) {
    case "broken":
      report("dump-line-broken", at(documentPlace(document), line), { problem: message });
      break;
    case "unrecognised":
      if (!isFromFolder) report("dump-unrecognised", at(documentPlace(document), 1), { problem: message });
      break;
    // Unrelated files are ignored.
    case "unknown-heading":
      break;
  }
}

function reportNote({ kind, line, message }: DumpNote, { document }: ActualFile, sink: Sink): void {
  const code = kind === "assumed" ? "dump-assumed" : "dump-lines-left-out";
  sink.reporter(createSubject())(code, at(documentPlace(document), line), { problem: message });
}

const rules: readonly TextRule[] = [
  jumpTargetMissing,
  chainEmpty,
  chainLoop,
  targetMisplaced,
  setMissing,
  ruleUnreachable,
  shareLeaks,
  chainsWithoutCallers,
  masqueradeMark,
  virtualServerUnbound,
  tableReferences,
  tableShares,
  modesMixed,
];

/**
 * Reports the faults in the texts of hosts, and in what packets meet there. A host with unreadable text is not checked
 * further. With a state, endpoints are compared with it.
 */
export function checkHosts(hosts: readonly HostDocument[], sink: Sink, cluster?: Cluster): void {
  for (const document of hosts) {
    const found = createSink();
    const host = parseHost(document, found);
    if (found.diagnostics.length === 0) {
      for (const rule of rules) rule(host, found);
      checkTraffic({ document, placeOf: placesIn(host), cluster }, found);
    }
    if (document.kind !== "compiled") checkReading(document, found);
    sink.diagnostics.push(...withoutFields(found));
  }
}

/** A line of a text has no fields: its number is the place. */
function withoutFields({ diagnostics }: Sink): readonly Diagnostic[] {
  return diagnostics.map((diagnostic) => ({ ...diagnostic, field: undefined }));
}

function placesIn({ tables, ruleset }: CheckedHost): PlaceOfChain {
  return (family, table, name) => {
    const listed = ruleset.tables.find((each) => tableName(each) === table)?.chains.get(name);
    if (listed !== undefined) return placeIn(listed.file, listed.line);
    const chain = tables.find((each) => each.name === table && each.family === family)?.chains.get(name);
    return chain?.place ?? chain?.rules[0]?.place;
  };
}

/**
 * Reports why a collected document cannot be relied on, and rules beside those of the host's iptables. Lines that cannot
 * be read are reported where they are.
 */
function checkReading(document: HostDocument, sink: Sink): void {
  const report = sink.reporter(createSubject());
  // The outputs of other texts do not show whether they are complete.
  const found = document.kind === "collected" ? everyProblem(document) : readOtherRules(document);
  for (const { code, heading, line, message } of found) {
    if (line !== undefined) continue;
    const [text] = textsUnder(document, heading);
    const place = text && at(documentPlace(text.source), text.firstLine);
    report(code, place, { command: heading, problem: message });
  }
}

function everyProblem(document: HostDocument): readonly HostProblem[] {
  const { problems, otherRules } = readHostDocument(document);
  return [...problems, ...otherRules];
}
