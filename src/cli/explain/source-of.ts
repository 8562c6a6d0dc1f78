import { locate } from "../../host/locate.ts";
import type { SourceDocument } from "../../host/source.ts";
import type { SourceOf } from "../../review/explain/render/source.ts";

/** Finds places of these documents as file, line and column. */
export function sourceFinder(documents: readonly SourceDocument[]): SourceOf {
  return ({ document, path }) => {
    const source = documents[document];
    const found = source && locate(source, path, "value");
    return found && { file: found.file, line: found.line, column: found.column };
  };
}
