import type { Sink } from "../diagnostics/diagnostic.ts";
import { at, documentPlace, type Place } from "../diagnostics/place.ts";
import { isRecord } from "./fields.ts";

/** One object of the input, out of its List. */
export interface InputObject {
  readonly value: Readonly<Record<string, unknown>>;
  readonly apiVersion: string;
  readonly kind: string;
  readonly place: Place;
}

/** The objects of all documents: Lists are opened, their items get the kind a typed list implies. */
export function flattenDocuments(documents: readonly unknown[], sink: Sink): readonly InputObject[] {
  const objects: InputObject[] = [];
  const report = sink.reporter(undefined);

  const visit = (value: unknown, place: Place, implied: { apiVersion?: string; kind?: string }): void => {
    if (!isRecord(value)) {
      report("document-not-a-mapping", place, {
        got: Array.isArray(value) ? "a list" : `the ${typeof value} ${value}`,
      });
      return;
    }
    const apiVersion = textOr(value.apiVersion, implied.apiVersion);
    const kind = textOr(value.kind, implied.kind);
    if (apiVersion === undefined || kind === undefined) {
      report("document-without-kind", place, { field: kind === undefined ? "kind" : "apiVersion" });
    } else if (kind.endsWith("List") && (Array.isArray(value.items) || value.items === null)) {
      const itemKind = kind === "List" ? {} : { apiVersion, kind: kind.slice(0, -"List".length) };
      const items = at(place, "items");
      (value.items ?? []).forEach((item: unknown, index: number) => {
        visit(item, at(items, index), itemKind);
      });
    } else {
      objects.push({ value, apiVersion, kind, place });
    }
  };

  documents.forEach((document, index) => {
    visit(document, documentPlace(index), {});
  });
  return objects;
}

function textOr(value: unknown, implied: string | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : implied;
}
