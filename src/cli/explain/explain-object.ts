import type { ExplainFlags } from "../commands/explain.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { explainNodeObject } from "./explain-node.ts";
import { explainServiceObject } from "./explain-service.ts";
import { explainSliceObject } from "./explain-slice.ts";
import type { ObjectQuestion } from "./parse-question.ts";

/** `explain TYPE/NS/NAME`. */
export async function explainObject(question: ObjectQuestion, flags: ExplainFlags): Promise<string> {
  if (question.type === "Service") return explainServiceObject(question, flags);
  if (flags.actual !== undefined) {
    const message = `a dump names Services alone: ask for one, or leave out --actual`;
    throw new CommandFailure(message, exitCodes.usage);
  }
  switch (question.type) {
    case "EndpointSlice":
    case "Endpoints":
      return explainSliceObject(question, flags);
    case "Node":
      return explainNodeObject(question, flags);
  }
}
