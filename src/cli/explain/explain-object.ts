import { didYouMean } from "../../model/did-you-mean.ts";
import { explainService, explainServiceOn } from "../../review/explain/explain-service.ts";
import { serviceDocument } from "../../review/explain/render/documents.ts";
import { renderService } from "../../review/explain/render/render-service.ts";
import { painter } from "../color.ts";
import type { ExplainFlags } from "../commands/explain.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { readState } from "./compile-state.ts";
import type { Question } from "./parse-question.ts";
import { sourceFinder } from "./source-of.ts";

type ObjectQuestion = Extract<Question, { kind: "object" }>;

/** `explain TYPE/NS/NAME`, from cluster state. */
export async function explainObject(question: ObjectQuestion, flags: ExplainFlags): Promise<string> {
  const state = await readState(flags);
  const service = findObject(question, state.cluster.services);
  const parts = state.nodes.map((node) => {
    const { facts, texts } = state.compile(node);
    return explainServiceOn(service, facts, texts);
  });
  state.tellAbout((object) => object.endsWith(` ${service.namespace}/${service.name}`));
  const explanation = explainService(service, parts);
  const sourceOf = sourceFinder(state.documents);
  if (flags.output === "json") return `${JSON.stringify(serviceDocument(explanation, sourceOf), null, 2)}\n`;
  const paint = painter(process.stdout, flags.color);
  return renderService(explanation, { sourceOf, strong: (text) => paint("bold", text) });
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** The object asked for, or the end of the command with the nearest there is. */
function findObject<T extends Named>({ type, namespace, name }: ObjectQuestion, objects: readonly T[]): T {
  const found = objects.find((object) => object.namespace === namespace && object.name === name);
  if (found !== undefined) return found;
  const full = (object: Named): string =>
    object.namespace === "" ? object.name : `${object.namespace}/${object.name}`;
  const elsewhere = objects.find((object) => object.name === name);
  const near = elsewhere === undefined ? didYouMean(full({ namespace, name }), objects.map(full)) : full(elsewhere);
  const hint = near === undefined ? "" : `; did you mean ${type.toLowerCase()}/${near}?`;
  throw new CommandFailure(`the state has no ${type} ${full({ namespace, name })}${hint}`, exitCodes.invalidInput);
}
