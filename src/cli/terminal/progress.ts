import { escapeControls } from "../../diagnostics/printable.ts";
import { terminalColumns } from "./width.ts";

const patience = 500;
const start = performance.now();
const clear = "\r\x1b[K";
let isShown = false;

/** One line that shows the current activity; only on a terminal, and only after half a second. */
export function reportProgress(what: string): void {
  const { stderr } = process;
  if (!stderr.isTTY || performance.now() - start < patience) return;
  isShown = true;
  const text = `${escapeControls(what)} ...`;
  stderr.write(`${clear}${text.slice(0, terminalColumns(stderr) - 1)}`);
}

/** Removes the line before anything else is printed; the next report shows it again. */
export function eraseProgress(): void {
  if (isShown) process.stderr.write(clear);
  isShown = false;
}
