import type { ExplainedHost } from "./explain-packet.ts";
import type { ExplainedOutcome } from "./packet-explanation.ts";

/** Where the model stops, for packets that end this way. */
export function limitsOf(
  outcomes: readonly ExplainedOutcome[],
  { node }: Pick<ExplainedHost, "node">,
): readonly string[] {
  const limits: string[] = [];
  if (outcomes.some(({ verdict }) => verdict === "delivered")) {
    limits.push(`the way from ${node} to the endpoint (routes, NetworkPolicy, other nodes) is not looked at`);
  }
  if (outcomes.some(({ verdict }) => verdict === "untouched")) {
    limits.push("what becomes of an untouched packet is up to routes, NetworkPolicy and who listens there");
  }
  return limits;
}
