import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

/** What a line of YAML, or of a tool's output, is made of: enough to read it, at a tenth of a parser's size. */
const tokens = [
  ["comment", /(?:^|(?<=\s))#.*/],
  ["separator", /^---\s*$/],
  ["key", /(?:(?<=^\s*(?:- +)*)|(?<=[{,]\s*))[\w./-]+(?=\s*:(?:\s|$))/],
  ["string", /"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/],
  ["number", /(?<=[\s[:,])-?\d[\w.:/]*(?=[\s,\]}]|$)/],
] as const;

const anyToken = new RegExp(tokens.map(([name, { source }]) => `(?<${name}>${source})`).join("|"), "g");
const marks = new Map(tokens.map(([name]) => [name as string, Decoration.mark({ class: `yaml-${name}` })]));

/** Colours the visible lines. */
export const yamlColours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colour(view);
    }
    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.decorations = colour(update.view);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function colour(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let line = view.state.doc.lineAt(from); ; line = view.state.doc.line(line.number + 1)) {
      for (const found of line.text.slice(0, 500).matchAll(anyToken)) {
        const name = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? "";
        const mark = marks.get(name);
        if (mark) builder.add(line.from + found.index, line.from + found.index + found[0].length, mark);
      }
      if (line.to >= to || line.number === view.state.doc.lines) break;
    }
  }
  return builder.finish();
}
