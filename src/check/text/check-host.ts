import { createSink, type Sink } from "../../diagnostics/diagnostic.ts";
import type { HostDocument } from "../../ir/host-document.ts";
import { parseHost, type TextRule } from "./checked-host.ts";
import { chainEmpty } from "./rules/chain-empty.ts";
import { chainLoop } from "./rules/chain-loop.ts";
import { chainsWithoutCallers } from "./rules/chains-without-callers.ts";
import { jumpTargetMissing } from "./rules/jump-target-missing.ts";
import { masqueradeMark } from "./rules/masquerade-mark.ts";
import { ruleUnreachable } from "./rules/rule-unreachable.ts";
import { setMissing } from "./rules/set-missing.ts";
import { shareLeaks } from "./rules/share-leaks.ts";
import { targetMisplaced } from "./rules/target-misplaced.ts";
import { virtualServerUnbound } from "./rules/virtual-server-unbound.ts";

const rules: readonly TextRule[] = [
  jumpTargetMissing,
  chainEmpty,
  chainLoop,
  targetMisplaced,
  setMissing,
  ruleUnreachable,
  shareLeaks,
  chainsWithoutCallers,
  masqueradeMark,
  virtualServerUnbound,
];

/** Reports the faults in what hosts hold. A host of which something cannot be read is not looked at further. */
export function checkHosts(hosts: readonly HostDocument[], sink: Sink): void {
  for (const document of hosts) {
    const found = createSink();
    const host = parseHost(document, found);
    if (found.diagnostics.length === 0) for (const rule of rules) rule(host, found);
    // A line of a text has no fields: its number is the place.
    sink.diagnostics.push(...found.diagnostics.map((diagnostic) => ({ ...diagnostic, field: undefined })));
  }
}
