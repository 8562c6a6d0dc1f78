import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { at, documentPlace } from "../../diagnostics/place.ts";
import { type TextTool, toolsByFile } from "../../ir/text.ts";
import { parseHostDump } from "../../reconcile/live/host-dump.ts";
import { compiledTexts, recognizeText, toolTextsIn, toolTextsOfDump } from "../../reconcile/live/tool-texts.ts";

/** A text as it was read, and the number its lines are placed by. */
export interface ActualFile {
  /** Its path; of some the name alone says what they hold. */
  readonly name: string;
  readonly text: string;
  readonly document: number;
  /** One of a folder: whatever else lies there is passed over. */
  readonly isFromFolder: boolean;
}

/** A text of one tool. Blank lines stand for what comes before it in its file, so that its lines count as there. */
export interface ToolText {
  /** `links` is what `ip -j addr` prints. */
  readonly kind: TextTool | "links";
  readonly document: number;
  readonly text: string;
}

/** The texts of one host by name: of a folder, or of a heading such as `node1/iptables.restore`. */
export type TextsByHost = Map<string, ToolText[]>;

/** Tells what each text is, by its name or its first line, and takes apart those that hold several. */
export function sortTexts(host: string, files: readonly ActualFile[], sink: Sink): TextsByHost {
  const found: TextsByHost = new Map();
  for (const file of files) {
    for (const { node = host, ...text } of textsOf(file, sink)) {
      const texts = found.get(node);
      if (texts === undefined) found.set(node, [text]);
      else texts.push(text);
    }
  }
  return found;
}

type NodeText = ToolText & { readonly node?: string | undefined };

function textsOf(file: ActualFile, sink: Sink): readonly NodeText[] {
  const { document, text, name } = file;
  const byName = toolsByFile.get(name.slice(name.lastIndexOf("/") + 1));
  if (byName !== undefined) return [{ kind: byName, document, text }];
  const kind = recognizeText(text);
  if (kind === "collected") return collectedTexts(file, sink);
  if (kind === "compiled") return compiledTexts(text).map(({ tool, ...part }) => ({ kind: tool, document, ...part }));
  const parts = toolTextsIn(name, text);
  if (parts.length === 0 && !file.isFromFolder) {
    sink.reporter(createSubject())("dump-unrecognised", at(documentPlace(document), 1), {});
  }
  return parts.map((part) => ({ kind: part.tool, document, text: part.text }));
}

function collectedTexts({ document, text }: ActualFile, sink: Sink): readonly ToolText[] {
  const parsed = parseHostDump(text);
  if (parsed.kind === "broken") {
    const last = text.trimEnd().split("\n").length;
    sink.reporter(createSubject())("dump-line-broken", at(documentPlace(document), last), { problem: parsed.message });
    return [];
  }
  const links = parsed.dump.texts["ip -j addr"];
  return [
    ...toolTextsOfDump(text, parsed.dump).map((part) => ({ kind: part.tool, document, text: part.text })),
    ...(links === undefined ? [] : [{ kind: "links" as const, document, text: links }]),
  ];
}
