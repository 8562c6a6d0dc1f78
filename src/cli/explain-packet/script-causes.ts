import { locate } from "../../host/locate.ts";
import type { SourceDocument } from "../../host/source.ts";
import type { Cause, CauseOf } from "../../review/explain/packet/explain-hop.ts";
import type { LineOrigin, Script, Step } from "../../tools/script.ts";

/** Finds what a line of a script is there for, and where that is written. The script was compiled with origins. */
export function causeInScript({ steps }: Script, documents: readonly SourceDocument[]): CauseOf {
  return ({ file, line }) => {
    const origin = originAt(
      steps.find((step) => step.file === file),
      line,
    );
    return origin && causeOf(origin, documents);
  };
}

/** The same for a line of a dump: what a line of a script is there for that has the same words. */
export function causeByText({ steps }: Script, documents: readonly SourceDocument[]): CauseOf {
  const decoder = new TextDecoder();
  const texts = steps.flatMap((step) => (step.origins ? [{ step, text: `\n${decoder.decode(step.stdin)}` }] : []));
  return ({ text: wanted }) => {
    for (const { step, text } of texts) {
      const at = text.indexOf(`\n${wanted}\n`);
      const origin = at < 0 ? undefined : originAt(step, lineAt(text, at + 1));
      if (origin !== undefined) return causeOf(origin, documents);
    }
    return undefined;
  };
}

/** The text begins with an empty line that is not counted. */
function lineAt(text: string, offset: number): number {
  let line = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** Origins are in order of line. */
function originAt(step: Step | undefined, line: number): LineOrigin | undefined {
  const origins = step?.origins ?? [];
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
  return { object, field, source: place && { file: place.file, line: place.line, column: place.column } };
}
