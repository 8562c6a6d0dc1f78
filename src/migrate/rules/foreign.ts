import { isRefused } from "../../diff/classify-change.ts";
import { hooksInto } from "../foreign-rules.ts";
import type { StateRule, TrafficRule } from "../rule.ts";

/** The packets end in a rule or policy of another program. */
export const hostFirewall: TrafficRule = {
  kind: "traffic",
  code: "migrate-host-firewall",
  explains: ({ difference: { was, now } }) =>
    !was.every(isRefused) && now.every(isRefused) && now.some((part) => deciderOf(part) !== undefined),
  details: (found) => [
    ...new Set(found.flatMap(({ difference: { now } }) => now.flatMap((part) => deciderOf(part) ?? []))),
  ],
};

type Part = Parameters<typeof isRefused>[0];

/** The foreign rule or policy that a packet ends with; undefined where that is a rule of kube-proxy. */
function deciderOf({ outcome }: Part): string | undefined {
  const hop = outcome.hops.at(-1);
  if (hop === undefined || hop.kind === "virtual-server") return undefined;
  if (hop.kind === "policy") return `policy ${hop.policy} of ${hop.table} ${hop.chain}`;
  return /\bkube-proxy$/.test(hop.table) ? undefined : `${hop.table} ${hop.chain}: ${hop.rule.text}`;
}

export const foreignHooks: StateRule = {
  kind: "state",
  code: "migrate-foreign-hooks",
  find: ({ dumps }) => {
    const found = [...dumps].map(([node, { texts }]) => ({ node, lines: hooksInto(texts) }));
    const affected = found.filter(({ lines }) => lines.length > 0);
    if (affected.length === 0) return undefined;
    return {
      nodes: affected.map(({ node }) => node).sort(),
      details: [...new Set(affected.flatMap(({ lines }) => lines))],
    };
  },
};
