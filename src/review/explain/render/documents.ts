import type { Origin } from "../../../diagnostics/place.ts";
import type { LineOrigin } from "../../../tools/script.ts";
import type { ServiceExplanation } from "../explain-service.ts";
import type { Omission } from "../omissions/omission.ts";
import type { OwnLine } from "../own-lines.ts";
import { type Source, type SourceOf, sourceOfCause } from "./source.ts";

const apiVersion = "portolan/v1alpha1";

/** `-o json` of a Service. */
export function serviceDocument({ object, type, origin, parts }: ServiceExplanation, sourceOf: SourceOf): object {
  return {
    apiVersion,
    kind: "ServiceExplanation",
    object,
    type,
    ...withSource(origin, sourceOf),
    nodes: parts.map(({ nodes, ports, omissions, lines }) => ({
      nodes,
      ports,
      omissions: omissions.map((omission) => omissionDocument(omission, sourceOf)),
      lines: lines.map((line) => lineDocument(line, sourceOf)),
    })),
  };
}

function omissionDocument({ reason, port, what, why, origin }: Omission, sourceOf: SourceOf): object {
  return { reason, port, what, why, ...withSource(origin, sourceOf) };
}

/** A line of a text with its cause. */
export function lineDocument({ cause, ...line }: OwnLine, sourceOf: SourceOf): object {
  return { ...line, cause: cause && causeDocument(cause, sourceOf) };
}

/** The object and field that a line comes from. */
export function causeDocument(cause: LineOrigin, sourceOf: SourceOf): object {
  const source: Source | undefined = sourceOfCause(cause, sourceOf);
  return { object: cause.object, ...(cause.field === "" ? {} : { field: cause.field }), source };
}

function withSource(origin: Origin | undefined, sourceOf: SourceOf): { readonly source?: Source | undefined } {
  return { source: origin && sourceOf(origin) };
}
