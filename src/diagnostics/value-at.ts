import { isRecord } from "../model/fields/fields.ts";
import type { Origin } from "./place.ts";

/** The value that stands at a place of the documents; undefined where nothing stands. */
export function valueAt(documents: readonly unknown[], { document, path }: Origin): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, documents[document]);
}

/** The object that a place is in: the document, or the item of a List. */
export function objectAt(documents: readonly unknown[], { document, path }: Origin): unknown {
  let length = 0;
  while (path[length] === "items" && typeof path[length + 1] === "number") length += 2;
  return valueAt(documents, { document, path: path.slice(0, length) });
}
