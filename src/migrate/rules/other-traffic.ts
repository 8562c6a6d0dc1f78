import type { TrafficRule } from "../rule.ts";

/** Explains what no other rule does, so that no difference is left out. */
export const otherTraffic: TrafficRule = { kind: "traffic", code: "migrate-other-traffic", explains: () => true };
