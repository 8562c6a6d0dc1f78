import {
  cursorDocEnd,
  cursorDocStart,
  history,
  historyKeymap,
  insertNewlineKeepIndent,
  selectAll,
} from "@codemirror/commands";
import { Compartment, EditorState, type Extension, type Range, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  type KeyBinding,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import type { FileRange, Problem } from "../protocol.ts";
import { element } from "./dom.ts";
import { yamlColours } from "./yaml-colours.ts";

/** The editor of one file at a time. */
export interface Editor {
  readonly show: (name: string, text: string) => void;
  /** Underlines problems of the shown file. */
  readonly showProblems: (problems: readonly Problem[]) => void;
  /** Marks ranges of the shown file; scrolls to the first on request. */
  readonly mark: (ranges: readonly FileRange[], options?: { readonly scroll: boolean }) => void;
  readonly focusAt: (range: FileRange) => void;
}

export interface EditorEvents {
  readonly onChange: (text: string) => void;
  /** The line that the cursor or the pointer is on, as offsets. */
  readonly onLine: (from: number, to: number) => void;
}

const setProblems = StateEffect.define<readonly Problem[]>();
const setMarks = StateEffect.define<readonly FileRange[]>();

/** What the browser cannot do where only the visible lines are elements; it does the rest. Tab leaves the editor. */
const ownKeys: readonly KeyBinding[] = [
  { key: "Enter", run: insertNewlineKeepIndent },
  { key: "Mod-a", run: selectAll },
  { key: "Mod-Home", run: cursorDocStart },
  { key: "Mod-End", run: cursorDocEnd },
];

/** Creates the editor; `nonce` lets its styles pass the page's policy. */
export function createEditor(parent: HTMLElement, nonce: string, { onChange, onLine }: EditorEvents): Editor {
  let file = "";
  let isLoading = false;
  const label = new Compartment();
  const view: EditorView = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        history(),
        keymap.of([...ownKeys, ...historyKeymap]),
        yamlColours,
        problemField,
        markField,
        problemTooltip,
        label.of(contentNamed("Manifest")),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !isLoading) onChange(update.state.doc.toString());
          if (update.selectionSet && !update.docChanged) tellLine(update.state.selection.main.head);
        }),
        EditorView.domEventHandlers({
          mousemove: (event) => tellLine(view.posAtCoords({ x: event.clientX, y: event.clientY })),
          mouseleave: () => onLine(-1, -1),
        }),
      ],
    }),
  });

  let lastLine = -1;
  function tellLine(position: number | null): void {
    if (position === null) return;
    const { from, to } = view.state.doc.lineAt(position);
    if (from === lastLine) return;
    lastLine = from;
    onLine(from, to);
  }

  return {
    show: (name, text) => {
      const isSame = name === file && text === view.state.doc.toString();
      file = name;
      if (isSame) return;
      isLoading = true;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: 0 },
        effects: [setMarks.of([]), label.reconfigure(contentNamed(`Text of ${name}`))],
      });
      isLoading = false;
    },
    showProblems: (problems) => {
      view.dispatch({ effects: setProblems.of(problems.filter(({ place }) => place?.file === file)) });
    },
    mark: (ranges, options) => {
      const own = ranges.filter((range) => range.file === file && range.to <= view.state.doc.length);
      const [first] = own;
      const scroll = options?.scroll && first ? [EditorView.scrollIntoView(first.from, { y: "center" })] : [];
      view.dispatch({ effects: [setMarks.of(own), ...scroll] });
    },
    focusAt: ({ from }) => {
      const anchor = Math.min(from, view.state.doc.length);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },
  };
}

function contentNamed(label: string): Extension {
  return EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" });
}

interface ShownProblems {
  readonly problems: readonly Problem[];
  readonly marks: DecorationSet;
}

const problemField = StateField.define<ShownProblems>({
  create: () => ({ problems: [], marks: Decoration.none }),
  update: (shown, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setProblems)) return problemMarks(effect.value, transaction.state.doc.length);
    }
    return transaction.docChanged ? { ...shown, marks: shown.marks.map(transaction.changes) } : shown;
  },
  provide: (field) => EditorView.decorations.from(field, ({ marks }) => marks),
});

function problemMarks(problems: readonly Problem[], length: number): ShownProblems {
  const marks = problems.flatMap(({ place, severity }): Range<Decoration>[] => {
    if (place === undefined || place.from >= length) return [];
    const mark = Decoration.mark({ class: `squiggle is-${severity}` });
    return [mark.range(place.from, Math.min(length, Math.max(place.to, place.from + 1)))];
  });
  return { problems, marks: Decoration.set(marks, true) };
}

const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) return Decoration.set(effect.value.flatMap(lineMarks), true);
    }
    return transaction.docChanged ? marks.map(transaction.changes) : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function lineMarks({ from, to }: FileRange): readonly Range<Decoration>[] {
  return to > from ? [Decoration.mark({ class: "linked-field" }).range(from, to)] : [];
}

const problemTooltip = hoverTooltip((view, position) => {
  const { problems } = view.state.field(problemField);
  const here = problems.filter(({ place }) => place && place.from <= position && position <= place.to);
  const [first] = here;
  if (first?.place === undefined) return null;
  return {
    pos: first.place.from,
    create: () => ({
      dom: element(
        "div",
        { class: "tooltip" },
        here.map(({ message, hint }) =>
          element("p", {}, message, hint === undefined ? undefined : element("small", {}, hint)),
        ),
      ),
    }),
  };
});
