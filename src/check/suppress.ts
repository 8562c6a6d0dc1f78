import { type Code, catalog, isCode } from "../diagnostics/catalog.ts";
import { createSink, createSubject, type Diagnostic, type Sink } from "../diagnostics/diagnostic.ts";
import { at } from "../diagnostics/place.ts";
import { isRecord, objectAt } from "../model/fields/fields.ts";
import { didYouMean } from "../model/fields/name-map.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";

export const suppressAnnotation = "portolan/suppress";

/** The codes in a text with commas between them. */
export function parseCodes(text: string): { readonly codes: readonly Code[]; readonly unknown: readonly string[] } {
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  return { codes: words.filter(isCode), unknown: words.filter((word) => !isCode(word)) };
}

export function nearestCode(text: string): string | undefined {
  return didYouMean(text, Object.keys(catalog));
}

/** Whether the annotation of a finding's object suppresses the finding. */
export function isSuppressedByAnnotation({ code, origin }: Diagnostic, documents: readonly unknown[]): boolean {
  if (origin === undefined) return false;
  const annotation = annotationOf(objectAt(documents, origin));
  return annotation !== undefined && parseCodes(annotation).codes.includes(code);
}

function annotationOf(object: unknown): string | undefined {
  const metadata = isRecord(object) ? object.metadata : undefined;
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const annotation = isRecord(annotations) ? annotations[suppressAnnotation] : undefined;
  return typeof annotation === "string" ? annotation : undefined;
}

/** Annotations with unknown codes. */
export function checkAnnotations(documents: readonly unknown[], sink: Sink): void {
  for (const { kind, value, place } of flattenDocuments(documents, createSink())) {
    const { unknown } = parseCodes(annotationOf(value) ?? "");
    if (unknown.length === 0 || !isRecord(value.metadata)) continue;
    const { namespace, name } = value.metadata;
    const report = sink.reporter(createSubject(kind, typeof namespace === "string" ? namespace : "", String(name)));
    for (const code of unknown) {
      const near = nearestCode(code);
      const hint = near === undefined ? "run portolan explain for the codes" : `did you mean ${near}?`;
      const where = at(at(at(place, "metadata"), "annotations"), suppressAnnotation);
      report("suppression-unknown", where, { code }, { hint });
    }
  }
}
