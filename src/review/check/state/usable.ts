import { families } from "../../../model/address.ts";
import type { SliceEndpoint } from "../../../model/endpoints/endpoint-slice.ts";
import type { Endpoint } from "../../../resolve/forwarding-plan.ts";
import type { CheckedPort } from "./checked-state.ts";

/** All endpoints of a port, of either family. */
export function allEndpoints({ endpoints }: CheckedPort): readonly Endpoint[] {
  return families.flatMap((family) => endpoints[family] ?? []);
}

/** Ready, or serving until it is gone: what kube-proxy may send to (KEP-1669). */
export function isUsable({ ready, serving, terminating }: SliceEndpoint): boolean {
  return ready || (serving && terminating);
}
