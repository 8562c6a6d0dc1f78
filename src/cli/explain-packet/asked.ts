import type { ExplainedHost } from "../../review/explain/packet/explain-packet.ts";
import type { Surroundings } from "../../review/explain/packet/question/question.ts";

/** A host to ask, and what names in a question about it mean. */
export interface Asked {
  readonly explained: ExplainedHost;
  readonly surroundings: Surroundings;
}
