import type { Draft } from "../draft.ts";
import { markFields } from "../mark.ts";
import { recordOf, textOf, type Value } from "../values.ts";

/** A given slice while nodes and pods are down: their endpoints are not ready. Itself where none of them is. */
export function failEndpoints(slice: Value, isPublishing: boolean, { settings: { fail } }: Draft): Value {
  if (fail.length === 0 || !Array.isArray(slice.endpoints)) return slice;
  let count = 0;
  const endpoints = slice.endpoints.map((endpoint: unknown) => {
    const { nodeName, targetRef, conditions } = recordOf(endpoint);
    const { kind, namespace, name } = recordOf(targetRef);
    const pod = kind === "Pod" ? [textOf(name), `${textOf(namespace) ?? ""}/${textOf(name) ?? ""}`] : [];
    if (![textOf(nodeName), ...pod].some((one) => one !== undefined && fail.includes(one))) return endpoint;
    count += 1;
    return { ...recordOf(endpoint), conditions: { ...recordOf(conditions), ready: isPublishing, serving: false } };
  });
  return count === 0 ? slice : markFields({ ...slice, endpoints }, ["endpoints"]);
}
