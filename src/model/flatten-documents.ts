import { createSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { at, documentPlace, type Place } from "../diagnostics/place.ts";
import { type Fields, isRecord, listField, textField, typeAndValue } from "./fields/fields.ts";

/** One object of the input, taken out of its List. */
export interface InputObject {
  readonly value: Readonly<Record<string, unknown>>;
  readonly apiVersion: string;
  readonly kind: string;
  readonly place: Place;
}

/** Lists in Lists beyond this are not opened. */
export const mostNestedLists = 10;

interface Implied {
  readonly apiVersion?: string;
  readonly kind?: string;
  /** The number of enclosing Lists. */
  readonly lists: number;
}

/**
 * The objects of all documents: Lists are opened, their items get the kind a typed list implies. `first` is the number
 * of the first document.
 */
export function flattenDocuments(documents: readonly unknown[], sink: Sink, first = 0): readonly InputObject[] {
  const objects: InputObject[] = [];
  const report = sink.reporter(createSubject());

  const visit = (value: unknown, place: Place, implied: Implied): void => {
    if (!isRecord(value)) {
      report("document-not-a-mapping", place, { got: typeAndValue(value) });
      return;
    }
    const fields: Fields = { value, place, report };
    const apiVersion = textField(fields, "apiVersion") || implied.apiVersion;
    const kind = textField(fields, "kind") || implied.kind;
    if (apiVersion === undefined || kind === undefined) {
      if (isOfWrongType(value.apiVersion) || isOfWrongType(value.kind)) return;
      report("document-without-kind", place, { field: kind === undefined ? "kind" : "apiVersion" });
    } else if (kind.endsWith("List") && value.items !== undefined && implied.lists === mostNestedLists) {
      report("document-not-a-mapping", place, { got: `a List in ${mostNestedLists} others` });
    } else if (kind.endsWith("List") && value.items !== undefined) {
      const lists = implied.lists + 1;
      const itemKind = kind === "List" ? { lists } : { apiVersion, kind: kind.slice(0, -"List".length), lists };
      const items = at(place, "items");
      listField(fields, "items").forEach((item, index) => {
        visit(item, at(items, index), itemKind);
      });
    } else {
      objects.push({ value, apiVersion, kind, place });
    }
  };

  documents.forEach((document, index) => {
    visit(document, documentPlace(first + index), { lists: 0 });
  });
  return objects;
}

function isOfWrongType(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== "string";
}

/** Documents with a special role, by number. */
export interface DocumentRoles {
  /** The configuration; it replaces those in the other documents. */
  readonly proxyConfigDocument: number | undefined;
  /** A file of /etc/cni/net.d, which has no kind; it replaces a HostPortConfiguration. */
  readonly cniConfigDocument?: number | undefined;
  /** The first overlay document. */
  readonly overlaysFrom: number | undefined;
  /** Objects (`Service shop/web`) that count as deleted unless an overlay contains them. */
  readonly gone?: ReadonlySet<string> | undefined;
  /** Services (`Service shop/web`) whose endpoints have been recomputed for their overlay. */
  readonly recomputed?: ReadonlySet<string> | undefined;
  /** The state is simulated because its manifests are bare, not on request. */
  readonly isAssumed?: boolean | undefined;
}
