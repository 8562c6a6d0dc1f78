import type { Sink } from "../../diagnostics/diagnostic.ts";
import { type CheckedState, createCheckedState, type StateRule, type StateToCheck } from "./checked-state.ts";
import { addressesOfNodes } from "./rules/addresses-of-nodes.ts";
import { deprecations } from "./rules/deprecations.ts";
import { endpoints } from "./rules/endpoints.ts";
import { hostPortShared } from "./rules/host-port-shared.ts";
import { localPolicies } from "./rules/local-policies.ts";
import { rulesPerPacket } from "./rules/rules-per-packet.ts";
import { selectorMatchesNothing } from "./rules/selector-matches-nothing.ts";
import { sessionAffinity } from "./rules/session-affinity.ts";
import { sourceRangesBypassed } from "./rules/source-ranges-bypassed.ts";
import { targetPortUnknown } from "./rules/target-port-unknown.ts";
import { topologyHints } from "./rules/topology-hints.ts";

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
