import { isRecord } from "../model/fields/fields.ts";

const leavingTaint = "ToBeDeletedByClusterAutoscaler";

/** Whether load balancers are to send this Node traffic: not when it is about to go (nodeEligible of kube-proxy 1.36). */
export function isEligible(node: Readonly<Record<string, unknown>>): boolean {
  const { metadata, spec } = node;
  if (isRecord(metadata) && metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null) {
    return false;
  }
  const taints = isRecord(spec) && Array.isArray(spec.taints) ? spec.taints : [];
  return !taints.some((taint) => isRecord(taint) && taint.key === leavingTaint);
}
