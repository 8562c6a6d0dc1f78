import type { HostTexts } from "../datapath/host.ts";
import { at, documentPlace, type Place } from "../diagnostics/place.ts";
import { hostTextsOf } from "../diff/host-side.ts";
import type { HostDocument, HostText } from "../ir/artifact.ts";

/** The texts of a host, named so that their lines have places. */
export function placedTextsOf(document: HostDocument): HostTexts {
  const known = placed.get(document);
  if (known !== undefined) return known;
  const texts = hostTextsOf(document, numberOf);
  placed.set(document, texts);
  return texts;
}

/** Kept, so that the rules about text and those about traffic read them once. */
const placed = new WeakMap<HostDocument, HostTexts>();

/** What names a text by its document, so that its lines have places. */
export function numberOf({ source, quotedAt }: HostText): string {
  return quotedAt === undefined ? `${source}` : `${source} ${quotedAt}`;
}

/** The place of a line of such a text: `2`, or `2 17` for a text that is in line 17 of document 2 as a whole. */
export function placeIn(file: string, line: number): Place {
  const [document, quotedAt] = file.split(" ");
  return at(documentPlace(Number(document)), quotedAt === undefined ? line : Number(quotedAt));
}
