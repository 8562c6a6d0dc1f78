import { isRecord } from "../model/fields/fields.ts";

type Entry = Readonly<Record<string, unknown>>;

/** What a line of a watch says. */
export type WatchEvent =
  | { readonly kind: "stored" | "removed"; readonly object: Entry; readonly version: string }
  | { readonly kind: "bookmark"; readonly version: string }
  /** The watch cannot go on from where it began: what is there must be listed again. */
  | { readonly kind: "gone"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "garbage" };

const garbage: WatchEvent = { kind: "garbage" };

/** Reads a line of a watch: `{"type": "ADDED", "object": {...}}`. */
export function parseWatchEvent(line: string): WatchEvent {
  const value = parseJson(line);
  if (!isRecord(value) || !isRecord(value.object)) return garbage;
  const { type, object } = value;
  if (type === "ERROR") return parseFailure(object);
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const { resourceVersion: version, name } = metadata;
  if (typeof version !== "string" || version === "") return garbage;
  if (type === "BOOKMARK") return { kind: "bookmark", version };
  if (typeof name !== "string" || name === "") return garbage;
  if (type === "ADDED" || type === "MODIFIED") return { kind: "stored", object, version };
  return type === "DELETED" ? { kind: "removed", object, version } : garbage;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A Status. The API server sends 410 within an answer of 200, and 504 for a version of the future. */
function parseFailure({ code, message, reason }: Entry): WatchEvent {
  const text = typeof message === "string" ? message : "no reason given";
  const isGone = code === 410 || code === 504 || reason === "Expired" || reason === "Gone";
  return isGone ? { kind: "gone", message: text } : { kind: "refused", message: text };
}

/** Whether a version is from before another; only numbers can be told, and those of all API servers are. */
export function isOlder(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}
