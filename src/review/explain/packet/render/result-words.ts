import type { ExplainedOutcome, ExplainedPacket } from "../packet-explanation.ts";

/** What becomes of the packet, without saying which endpoint it gets. */
export function resultWords(outcome: ExplainedOutcome, { to, state, remembered }: ExplainedPacket): readonly string[] {
  const { verdict, masquerade, hairpin, rejectedWith, affinitySeconds, scheduling } = outcome;
  switch (verdict) {
    case "rejected":
      return [`the client is told so, by ${rejectedWith}`];
    case "dropped":
      return ["nobody is told"];
    case "untouched": {
      const kept = `it goes on to ${to} as if there were no rules`;
      const translated = "nat is asked for the first packet only: it goes where that one went";
      return [
        state === "new" ? kept : `no rule refuses it; ${translated}`,
        ...(masquerade ? ["its source address becomes the node's"] : []),
      ];
    }
    case "delivered":
      return [
        ...(hairpin ? ["it comes back to the pod it is from (hairpin)"] : []),
        masquerade ? "its source address becomes the node's (masquerade)" : "its source address is kept",
        ...affinityWords(affinitySeconds, remembered),
        ...(scheduling === undefined ? [] : [schedulingWords[scheduling]]),
      ];
  }
}

const schedulingWords = {
  "by weight": "IPVS takes the endpoints in turn, by weight",
  "by source": "IPVS chooses by a hash of the client, so one client stays; shares are those of many clients",
  dynamic: "IPVS chooses by the connections of the moment; shares are those of an idle node",
} as const;

function affinityWords(seconds: number | undefined, remembered: string | undefined): readonly string[] {
  if (seconds === undefined) return [];
  if (remembered !== undefined) return [`the node remembers the client there, and does so for ${seconds} s more`];
  return [`the client then stays at its endpoint for ${seconds} s (sessionAffinity)`];
}

/** A question and its answer: what an outcome depends on. */
export function assumptionWords({ what, holds }: ExplainedOutcome["assuming"][number]): string {
  // What was asked behind the translation is another question than before it.
  const [, asked = what, when = ""] = /^(.*?)((?:, once [a-z ]+)*)$/.exec(what) ?? [];
  const isSentence = asked.endsWith(" lets the packet go on");
  if (isSentence)
    return `${holds ? asked : asked.replace(/lets the packet go on$/, "does not let the packet go on")}${when}`;
  return `${asked} ${holds ? "matches" : "does not match"}${when}`;
}
