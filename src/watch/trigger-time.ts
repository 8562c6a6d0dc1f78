import { isRecord } from "../model/fields.ts";

const annotation = "endpoints.kubernetes.io/last-change-trigger-time";

/** When what an EndpointSlice tells of happened, by the controller that wrote it; milliseconds since 1970. */
export function triggerTimeOf({ metadata }: Readonly<Record<string, unknown>>): number | undefined {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  const text = isRecord(annotations) ? annotations[annotation] : undefined;
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
