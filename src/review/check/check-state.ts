import type { Sink } from "../../diagnostics/diagnostic.ts";
import { type CheckedState, createCheckedState, type StateRule, type StateToCheck } from "./checked-state.ts";
import { addressesOfNodes } from "./state-rules/addresses-of-nodes.ts";
import { deprecations } from "./state-rules/deprecations.ts";
import { endpoints } from "./state-rules/endpoints.ts";
import { hostPortShared } from "./state-rules/host-port-shared.ts";
import { localPolicies } from "./state-rules/local-policies.ts";
import { rulesPerPacket } from "./state-rules/rules-per-packet.ts";
import { selectorMatchesNothing } from "./state-rules/selector-matches-nothing.ts";
import { sessionAffinity } from "./state-rules/session-affinity.ts";
import { sourceRangesBypassed } from "./state-rules/source-ranges-bypassed.ts";
import { targetPortUnknown } from "./state-rules/target-port-unknown.ts";
import { topologyHints } from "./state-rules/topology-hints.ts";

const rules: readonly StateRule[] = [
  addressesOfNodes,
  hostPortShared,
  sourceRangesBypassed,
  selectorMatchesNothing,
  targetPortUnknown,
  endpoints,
  localPolicies,
  topologyHints,
  sessionAffinity,
  rulesPerPacket,
  deprecations,
];

/** Reports what is wrong with cluster state beyond what an API server refuses. */
export function checkState(given: StateToCheck, sink: Sink): void {
  const state: CheckedState = createCheckedState(given, sink);
  for (const rule of rules) rule(state, sink);
}
