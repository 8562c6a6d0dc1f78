import type { PacketExplanation } from "../../index.ts";
import { groupBy } from "../../model/group-by.ts";

type Outcome = PacketExplanation["outcomes"][number];
type Way = Pick<PacketExplanation, "packet" | "outcomes">;

/** What happens to a packet, in one sentence. */
export interface Verdict {
  readonly tone: "good" | "bad" | "mixed";
  readonly sentence: string;
  /** Its second half: `delivered to shop/web-1; the pod sees the client IP`. */
  readonly end: string;
}

/** `33.3%` */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** The verdict on a packet: who sends it, to what, where it ends, and which client address the pod sees. */
export function verdictOf({ packet, outcomes }: Way): Verdict {
  const kinds = groupBy(outcomes, ({ verdict }) => verdict);
  const isDelivered = kinds.has("delivered");
  const parts = [...kinds].map(([kind, members]) => {
    const share = members.reduce((sum, one) => sum + one.share, 0);
    return kinds.size === 1 ? endWords(kind, members) : `${percent(share)} ${endWords(kind, members)}`;
  });
  const end = parts.join(", and ");
  const subject = `A packet from ${senderWords(packet)} to ${targetWords(packet)}`;
  return {
    tone: isDelivered ? (kinds.size === 1 ? "good" : "mixed") : kinds.has("untouched") ? "mixed" : "bad",
    sentence: `${subject} is ${end}.`,
    end,
  };
}

function senderWords({ from, fromName }: Way["packet"]): string {
  if (fromName === undefined) return from;
  return fromName === "internet" ? "the internet" : fromName;
}

/** The target in words: `shop/frontend at node port 198.18.0.1:30080`. */
export function targetWords({ to, service, way, toName }: Way["packet"]): string {
  if (service === undefined) return toName === undefined ? to : `${toName} (${to})`;
  return way === undefined ? `${service} (${to})` : `${service} at ${way} ${to}`;
}

function endWords(kind: Outcome["verdict"], outcomes: readonly Outcome[]): string {
  const [first] = outcomes;
  switch (kind) {
    case "delivered":
      return `delivered to ${receiverWords(outcomes)}; ${sourceWords(outcomes)}`;
    case "rejected":
      return `rejected: the client receives ${first?.rejectedWith ?? "an error"} at once`;
    case "dropped":
      return "dropped silently: the client waits until it times out";
    case "untouched":
      return "not handled: no rule matches, and it continues as if there were no rules";
    case "unknown":
      return `of unknown fate: ${first?.because ?? "the effect of its last rule is unknown"}`;
  }
}

function receiverWords(outcomes: readonly Outcome[]): string {
  const [first] = outcomes;
  const name = ({ pod, destination }: Outcome): string => pod ?? destination ?? "its destination";
  if (first === undefined || new Set(outcomes.map(name)).size === 1) {
    const where = first?.podNode === undefined ? "" : ` on ${first.podNode}`;
    return first === undefined ? "nothing" : `${name(first)}${where}`;
  }
  const shares = [...new Set(outcomes.map(({ share }) => percent(share)))];
  const each = shares.length === 1 ? `${shares[0]} each` : `${shares.at(-1)} to ${shares[0]} each`;
  return `one of ${outcomes.length} endpoints, ${each}`;
}

function sourceWords(outcomes: readonly Outcome[]): string {
  const replaced = outcomes.filter(({ masquerade }) => masquerade).length;
  if (replaced === 0) return "the pod sees the client IP";
  if (replaced < outcomes.length) return "some pods see the node's IP in place of the client IP (SNAT)";
  return "the pod sees the node's IP in place of the client IP (SNAT)";
}
