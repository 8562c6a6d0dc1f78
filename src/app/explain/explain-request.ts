import type { Explanation } from "../../explain/explanation.ts";
import type { SourceOf } from "../../explain/source.ts";
import type { StateRequest } from "../requests.ts";

/** What to answer from. */
export interface ExplainRequest extends StateRequest {
  readonly allNodes?: boolean;
  /** A dump of a host; state beside it is for names and causes. */
  readonly actual?: string;
  /** Graphs are wanted too: of many nodes they cost much. */
  readonly draws?: boolean;
}

export interface Explained {
  readonly answer: Explanation;
  readonly sourceOf: SourceOf;
}
