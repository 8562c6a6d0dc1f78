import { createSink, type Sink } from "../../diagnostics/diagnostic.ts";
import type { HostTexts } from "./actual-texts.ts";
import { parseHost, type TextRule } from "./checked-host.ts";

const rules: readonly TextRule[] = [];

/** Reports the faults in the texts of a host. A text that cannot be read whole is not looked at further. */
export function checkHost(texts: HostTexts, sink: Sink): void {
  for (const ofHost of texts.values()) {
    const found = createSink();
    const host = parseHost(ofHost, found);
    if (found.diagnostics.length === 0) for (const rule of rules) rule(host, found);
    // A line of a text has no fields: its number is the place.
    sink.diagnostics.push(...found.diagnostics.map((diagnostic) => ({ ...diagnostic, field: undefined })));
  }
}
