import { explainNode } from "../../explain/explain-node.ts";
import { servicesNamed } from "../../explain/service-lines.ts";
import { chainsNamed } from "../../explain/texts.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { type Effects, Failure } from "../effects.ts";
import { type Explained, type ExplainRequest, readState } from "./compile-state.ts";
import { type Evidence, readEvidence } from "./evidence.ts";
import { explainPod } from "./explain-address.ts";
import { explainChainOrSet } from "./explain-chain.ts";
import { explainServiceObject } from "./explain-service.ts";
import { explainSliceObject } from "./explain-slice.ts";
import { findObject, sourceFinder } from "./find-object.ts";
import { isObjectName, type ObjectQuestion, unknownWord } from "./parse-question.ts";

/** `explain TYPE/NS/NAME`. */
export async function explainObject(
  question: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  if (question.type === "Service") return explainServiceObject(question, request, effects);
  if (question.type === "Pod") return explainPod(question, request, effects);
  if (request.actual !== undefined) {
    const message = `a dump names only Services: pass service/NS/NAME, or remove --actual`;
    throw new Failure(message, "usage");
  }
  switch (question.type) {
    case "EndpointSlice":
    case "Endpoints":
      return explainSliceObject(question, request, effects);
    case "Node":
      return explainNodeObject(question, request, effects);
  }
}

/** `explain NAME`: the chain of a dump with this name, else the only Service. */
export async function explainNamed(name: string, request: ExplainRequest, effects: Effects): Promise<Explained> {
  const evidences = await readEvidence(request, effects);
  const { state, isDump } = evidences;
  const [dump] = isDump ? [...evidences.all()] : [];
  const [first] = isDump || state === undefined ? [] : evidences.all();
  if (hasObject(dump ?? first, name)) return explainChainOrSet({ name, table: undefined }, request, effects, evidences);
  const named = dump === undefined ? [] : servicesNamed(dump.texts);
  const inState = (state?.cluster.services ?? []).map((each) => `${each.namespace}/${each.name}`);
  const services = [...new Set([...inState, ...named])];
  const [only, another] = services.filter((service) => service.endsWith(`/${name}`));
  // A chain or set of another mode.
  if (only === undefined && isObjectName(name))
    return explainChainOrSet({ name, table: undefined }, request, effects, evidences);
  if (only === undefined) {
    const near = didYouMean(
      name,
      services.map((service) => service.replace(/^.*\//, "")),
    );
    if (near === undefined) throw unknownWord(name);
    throw new Failure(`there is no Service ${name}; did you mean ${near}?`, "invalid-input");
  }
  if (another !== undefined) {
    const list = services.filter((service) => service.endsWith(`/${name}`)).map((service) => `service/${service}`);
    throw new Failure(`there are several Services ${name}: ${list.join(", ")}`, "usage");
  }
  const [namespace = ""] = only.split("/");
  return explainServiceObject({ kind: "object", type: "Service", namespace, name }, request, effects, evidences);
}

/** Whether there is a chain, set or map of the name. */
function hasObject(evidence: Evidence | undefined, name: string): boolean {
  if (evidence === undefined) return false;
  return chainsNamed(evidence.texts, name).length > 0 || evidence.texts.sets.some((set) => set.name === name);
}

/** `explain node/NAME`: the properties of the node that affect its rules. */
async function explainNodeObject(
  question: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  const state = await readState({ ...request, node: question.name, allNodes: false }, effects);
  findObject(question, state.cluster.nodes, "the state");
  const { facts, texts } = state.compile(question.name);
  state.reportAbout((object) => object === `Node ${question.name}`);
  const explanation = explainNode(facts, texts);
  return { answer: { kind: "node", explanation }, sourceOf: sourceFinder(state.documents) };
}
