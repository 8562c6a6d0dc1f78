import { isRecord } from "../model/fields/fields.ts";

type Entry = Readonly<Record<string, unknown>>;

/** A parsed line of a watch. */
export type WatchEvent =
  | { readonly kind: "stored" | "removed"; readonly object: Entry; readonly version: string }
  | { readonly kind: "bookmark"; readonly version: string }
  /** The watch cannot continue from its version: the objects must be listed again. */
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

/** Parses a Status. The API server sends 410 within a 200 response, and 504 for a future version. */
function parseFailure({ code, message, reason }: Entry): WatchEvent {
  const text = typeof message === "string" ? message : "no reason given";
  const isGone = code === 410 || code === 504 || reason === "Expired" || reason === "Gone";
  return isGone ? { kind: "gone", message: text } : { kind: "refused", message: text };
}

/** Whether a version is older than another. Only numbers can be compared; all API servers use numbers. */
export function isOlder(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

export interface LineSplitter {
  /** Adds the next bytes of a stream; returns the lines that are complete. */
  readonly push: (bytes: Uint8Array) => readonly string[];
  /** Whether the stream is in the middle of a line. */
  readonly isInside: () => boolean;
  /** The number of characters in the incomplete line. */
  readonly pending: () => number;
}

/** Splits a stream of UTF-8 into lines, regardless of chunk boundaries. Empty lines are left out. */
export function createLineSplitter(): LineSplitter {
  const decoder = new TextDecoder();
  // Pieces are kept until a line is complete: concatenating each chunk of a long line takes quadratic time.
  let pieces: string[] = [];
  let length = 0;
  return {
    push: (bytes) => {
      const parts = decoder.decode(bytes, { stream: true }).split("\n");
      const last = parts.pop() as string;
      const lines = parts.map((part) => {
        const line = pieces.length === 0 ? part : [...pieces, part].join("");
        pieces = [];
        length = 0;
        return line;
      });
      if (last !== "") {
        pieces.push(last);
        length += last.length;
      }
      return lines.filter((line) => line.trim() !== "");
    },
    isInside: () => length > 0,
    pending: () => length,
  };
}

const annotation = "endpoints.kubernetes.io/last-change-trigger-time";

/** When the change behind an EndpointSlice happened, as written by the controller in its annotation. */
export function triggerTimeOf({ metadata }: Readonly<Record<string, unknown>>): string | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const text = isRecord(annotations) ? annotations[annotation] : undefined;
  return typeof text === "string" ? text : undefined;
}
