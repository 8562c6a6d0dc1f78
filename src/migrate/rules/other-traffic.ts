import { isRefused } from "../../diff/classify-change.ts";
import type { TrafficRule } from "../rule.ts";

export const refusedOtherwise: TrafficRule = {
  kind: "traffic",
  code: "migrate-refused-otherwise",
  explains: ({ difference: { was, now } }) => was.every(isRefused) && now.every(isRefused),
};

/** Explains what no other rule does, so that no difference is left out. */
export const otherTraffic: TrafficRule = { kind: "traffic", code: "migrate-other-traffic", explains: () => true };
