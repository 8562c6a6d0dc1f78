import type { ExplainedHost } from "./explain-packet.ts";
import type { ExplainedOutcome } from "./packet-explanation.ts";

/** Where the model stops, for packets that end this way. */
export function limitsOf(
  outcomes: readonly ExplainedOutcome[],
  { node }: Pick<ExplainedHost, "node">,
): readonly string[] {
  const limits: string[] = [];
  if (outcomes.some(({ verdict }) => verdict === "delivered")) {
    limits.push(`the way from ${node} to the endpoint: routes, NetworkPolicy, rules of other nodes`);
  }
  if (outcomes.some(({ verdict }) => verdict === "untouched")) {
    limits.push("where an untouched packet goes: routes, NetworkPolicy, who listens there");
  }
  return limits;
}
