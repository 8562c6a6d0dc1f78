import { isRecord } from "../model/fields/fields.ts";

const annotation = "endpoints.kubernetes.io/last-change-trigger-time";

/** When what an EndpointSlice tells of happened, as the controller that wrote it spells the time. */
export function triggerTimeOf({ metadata }: Readonly<Record<string, unknown>>): string | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const text = isRecord(annotations) ? annotations[annotation] : undefined;
  return typeof text === "string" ? text : undefined;
}
