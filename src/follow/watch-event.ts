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

export interface LineSplitter {
  /** Takes the next bytes of a stream; gives the lines that they end. */
  readonly push: (bytes: Uint8Array) => readonly string[];
  /** Whether the stream, if it ended now, would end in the middle of a line. */
  readonly isInside: () => boolean;
  /** Characters of the line that has not ended. */
  readonly pending: () => number;
}

/** Cuts a stream of UTF-8 into lines, wherever the chunks of a network end. Empty lines are left out. */
export function createLineSplitter(): LineSplitter {
  const decoder = new TextDecoder();
  // Kept apart until a line ends: joining a growing string to each chunk of a long line costs its square.
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

/** When what an EndpointSlice tells of happened, as the controller that wrote it spells the time. */
export function triggerTimeOf({ metadata }: Readonly<Record<string, unknown>>): string | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const text = isRecord(annotations) ? annotations[annotation] : undefined;
  return typeof text === "string" ? text : undefined;
}
