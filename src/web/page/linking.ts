import type { FieldName } from "../protocol.ts";
import { byId } from "./dom.ts";
import type { Editor } from "./editor.ts";
import type { Page } from "./page.ts";
import { keyOf, linkAt, showLinked } from "./panes/links.ts";
import { shownFiles } from "./state.ts";

/** Shows fields everywhere: in the editor, in the steps and rules, and on the map. */
function highlight(fields: readonly FieldName[], page: Page, editor: Editor): void {
  const keys = new Set(fields.map(keyOf));
  const ranges = page
    .shown()
    .places.filter(({ field }) => keys.has(keyOf(field)))
    .map(({ range }) => range);
  editor.mark(ranges, { scroll: true });
  showLinked(fields);
}

/** Hovering or focusing a step or a rule shows the field that it comes from, until the pointer leaves the pane. */
export function linkResults(page: Page, editor: Editor): void {
  const results = byId("results");
  for (const type of ["mouseover", "focusin"] as const) {
    results.addEventListener(type, ({ target }) => {
      const field = linkAt(target);
      if (field !== undefined) highlight([field], page, editor);
    });
  }
  results.addEventListener("mouseleave", () => highlight([], page, editor));
}

/** A line of the editor: shows the steps and rules that come from its fields. */
export function linkLine(page: Page, from: number, to: number): void {
  const { places, state, open } = page.shown();
  const name = shownFiles(state)[open]?.name;
  const here = places.filter(({ range }) => range.file === name && range.from >= from && range.from <= to);
  showLinked(here.map(({ field }) => field));
}
