import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import type { State } from "../read-state.ts";
import { type ColorChoice, painter } from "../terminal/color.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../terminal/render-diagnostics.ts";

/** Shows what is wrong with state on stderr. Ends the command where that is an error. */
export function tellDiagnostics({ sink: { diagnostics }, inputs }: State, color: ColorChoice): void {
  process.stderr.write(renderDiagnostics(diagnostics, inputs.documents, painter(process.stderr, color)));
  if (!hasErrors(diagnostics)) return;
  throw new CommandFailure(`${summarizeDiagnostics(diagnostics)}; nothing is explained`, exitCodes.invalidInput);
}
