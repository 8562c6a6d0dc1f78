import { at, documentPlace, type Place } from "../diagnostics/place.ts";
import type { HostText } from "../ir/artifact.ts";

/** What names a text by its document, so that its lines have places. */
export function numberOf({ source, quotedAt }: HostText): string {
  return quotedAt === undefined ? `${source}` : `${source} ${quotedAt}`;
}

/** The place of a line of such a text: `2`, or `2 17` for a text that is in line 17 of document 2 as a whole. */
export function placeIn(file: string, line: number): Place {
  const [document, quotedAt] = file.split(" ");
  return at(documentPlace(Number(document)), quotedAt === undefined ? line : Number(quotedAt));
}
