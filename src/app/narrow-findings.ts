import { createFindingOwners, servicesInObjects } from "../check/finding-owners.ts";
import { filterOf, type NarrowFlags } from "../cli/program/narrow-flags.ts";
import { hasState, type StateFlags } from "../cli/program/state-flags.ts";
import { createSink, type Diagnostic } from "../diagnostics/diagnostic.ts";
import { type Narrowed, type Narrowing, narrowItems } from "../filter/narrowing.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { narrowingOf } from "./narrowing.ts";

/** What a check has found, and what in. */
export interface CheckedDocuments {
  readonly diagnostics: readonly Diagnostic[];
  readonly documents: readonly SourceDocument[];
  /** Undefined without state, and where it cannot be read. */
  readonly cluster: Cluster | undefined;
}

export interface NarrowedFindings extends Narrowed<Diagnostic> {
  readonly narrowing: Narrowing | undefined;
  readonly ownersOf: (finding: Diagnostic) => readonly string[];
}

/** Divides findings by whether they are of a Service that the flags ask for. Without such flags all of them are shown. */
export function narrowFindings(checked: CheckedDocuments, flags: NarrowFlags & StateFlags): NarrowedFindings {
  const { diagnostics, documents, cluster } = checked;
  if (filterOf(flags) === undefined)
    return { shown: diagnostics, hidden: [], narrowing: undefined, ownersOf: () => [] };
  const values = documents.map(({ value }) => value);
  const objects = hasState(flags) ? flattenDocuments(values, createSink()) : [];
  const textOf = (document: number): string | undefined => {
    const { form, source } = documents[document] ?? {};
    return form?.kind === "lines" ? source?.text : undefined;
  };
  const known = new Set(cluster?.services.map(({ namespace, name }) => `${namespace}/${name}`));
  const others = servicesInObjects(objects).filter(({ namespace, name }) => !known.has(`${namespace}/${name}`));
  const narrowing = narrowingOf(flags, {
    clusters: cluster === undefined ? [] : [cluster],
    others: hasState(flags) ? others : undefined,
    lines: () => documents.flatMap((_, document) => textOf(document)?.split("\n") ?? []),
  });
  const ownersOf = createFindingOwners({ objects, cluster, textOf });
  return { ...narrowItems(diagnostics, ownersOf, narrowing), narrowing, ownersOf };
}
