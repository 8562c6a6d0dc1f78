import type { Origin } from "../diagnostics/place.ts";
import type { LineOrigin } from "../ir/step.ts";

/** A place of the input as people name it. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds a place of the input again; undefined where it has none. */
export type SourceOf = (origin: Origin) => Source | undefined;

/** What renderers are told besides what they render. */
export interface Rendering {
  readonly sourceOf: SourceOf;
  /** Makes headings stand out. */
  readonly strong: (text: string) => string;
}

/** `cluster.yaml:12:5` */
export function printSource({ file, line, column }: Source): string {
  return `${file}:${line}:${column}`;
}

/** The place that a line of a script comes from. */
export function sourceOfCause({ document, path }: LineOrigin, sourceOf: SourceOf): Source | undefined {
  return document === undefined ? undefined : sourceOf({ document, path });
}

/** `from Service shop/web spec.clusterIP (cluster.yaml:12:5)`: why a line is there. */
export function printCause(cause: LineOrigin, sourceOf: SourceOf): string {
  const source = sourceOfCause(cause, sourceOf);
  const parts = [cause.object, ...(cause.field === "" ? [] : [cause.field])];
  if (cause.object === "kube-proxy") return "always present, independent of Services";
  return `from ${parts.join(" ")}${source === undefined ? "" : ` (${printSource(source)})`}`;
}
