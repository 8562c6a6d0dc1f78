import { escapeControls } from "../diagnostics/printable.ts";
import { locate } from "../host/locate.ts";
import type { SourceDocument } from "../host/source.ts";
import type { Cause, CauseOf } from "../review/explain/packet/explain-hop.ts";
import type { LineOrigin, Script } from "../tools/script.ts";

/** Finds what a line of a script is there for, and where that is written. The script was compiled with origins. */
export function causeInScript({ steps }: Script, documents: readonly SourceDocument[]): CauseOf {
  return (file, line) => {
    const origins = steps.find((step) => step.file === file)?.origins ?? [];
    const origin = originAt(origins, line);
    return origin && causeOf(origin, documents);
  };
}

/** Origins are in order of line. */
function originAt(origins: readonly LineOrigin[], line: number): LineOrigin | undefined {
  let [low, high] = [0, origins.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((origins[middle]?.line ?? 0) < line) low = middle + 1;
    else high = middle;
  }
  const found = origins[low];
  return found?.line === line ? found : undefined;
}

function causeOf({ object, field, document, path }: LineOrigin, documents: readonly SourceDocument[]): Cause {
  const source = document === undefined ? undefined : documents[document];
  const place = source && locate(source, path, "value");
  const text = place ? `${place.file}:${place.line}:${place.column}` : source?.source.name;
  return { object: escapeControls(object), field, source: text === undefined ? undefined : escapeControls(text) };
}
