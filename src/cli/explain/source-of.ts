import { locate } from "../../host/documents/locate.ts";
import type { SourceDocument } from "../../host/sources/source.ts";
import type { Source, SourceOf } from "../../review/explain/render/source.ts";

/** Finds places of these documents as file, line and column; each is looked for once, since many lines share it. */
export function sourceFinder(documents: readonly SourceDocument[]): SourceOf {
  const known = new Map<string, Source | undefined>();
  return ({ document, path }) => {
    const key = [document, ...path].join("\n");
    if (known.has(key)) return known.get(key);
    const source = documents[document];
    const found = source && locate(source, path, "value");
    const place = found && { file: found.file, line: found.line, column: found.column };
    known.set(key, place);
    return place;
  };
}
