import { originOf } from "../../diagnostics/place.ts";
import { type ChainGraph, chainGraph, joinGraphs, serverGraph } from "../../explain/chain/chain-graph.ts";
import { belongsToServicePort } from "../../explain/chain/chain-owner.ts";
import { explainServiceOn, type NodePart, objectsOf } from "../../explain/explain-service.ts";
import { foldNodes } from "../../explain/explanation.ts";
import { dumpLines, missingLines, type OwnLine, servicesNamed } from "../../explain/service-lines.ts";
import type { Texts } from "../../explain/texts.ts";
import type { Service } from "../../model/objects/service.ts";
import type { Effects } from "../effects.ts";
import type { Explained, ExplainRequest } from "./compile-state.ts";
import { type ConcernedObjects, type Evidence, type Evidences, readEvidence } from "./evidence.ts";
import { findObject, notThere } from "./find-object.ts";
import type { ObjectQuestion } from "./parse-question.ts";

/** `explain service/NS/NAME`: from state, from a dump, or from a dump with state beside it. */
export async function explainServiceObject(
  question: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
  evidences?: Evidences,
): Promise<Explained> {
  const { all, state, isDump, sourceOf } = evidences ?? (await readEvidence(request, effects, linesOf(question)));
  const service = state && findObject(question, state.cluster.services, "the state");
  const draws = isDump || request.draws === true;
  const parts: NodePart[] = [];
  const graphs: ChainGraph[] = [];
  for (const evidence of all()) {
    const part = service === undefined ? fromDump(question, evidence) : fromState(service, evidence);
    parts.push(part);
    if (draws) graphs.push(graphOf(part.lines, evidence.texts));
  }
  const name = `${question.namespace}/${question.name}`;
  const objects = new Set([
    `Service ${name}`,
    ...parts.flatMap(({ lines }) => lines.map(({ cause }) => cause?.object)),
  ]);
  state?.reportAbout((object) => objects.has(object));
  const explanation = {
    kind: "ServiceExplanation",
    object: `Service ${name}`,
    type: service && `type ${service.type}`,
    origin: service && originOf(service.place),
    parts: foldNodes(parts),
  } as const;
  const drawn = explanation.parts.length > 1 ? graphs : graphs.slice(0, 1);
  const dumpGraph = isDump ? graphs[0] : undefined;
  return { answer: { kind: "object", explanation, graphs: drawn, dumpGraph }, sourceOf };
}

/** The Service and its slices. */
function linesOf({ namespace, name }: ObjectQuestion): ConcernedObjects {
  return ({ cluster }) =>
    new Set([
      `Service ${namespace}/${name}`,
      ...cluster.slices
        .filter((slice) => slice.namespace === namespace && slice.service === name)
        .map((slice) => `${slice.source} ${namespace}/${slice.name}`),
    ]);
}

function fromState(service: Service, { facts, texts, wanted, label }: Evidence): NodePart {
  if (facts === undefined) throw new Error("no facts of the state");
  const part = explainServiceOn(service, facts, wanted ?? texts);
  if (wanted === undefined) return part;
  const name = `${service.namespace}/${service.name}`;
  const lines = dumpLines(name, texts, { objects: objectsOf(service, facts), lines: part.lines });
  return { ...part, nodes: [label], lines, missing: missingLines(part.lines, texts) };
}

function fromDump(question: ObjectQuestion, { texts, label }: Evidence): NodePart {
  const lines = dumpLines(`${question.namespace}/${question.name}`, texts, { objects: new Set(), lines: [] });
  if (lines.length > 0) return { nodes: [label], ports: [], omissions: [], lines, missing: [] };
  const named = servicesNamed(texts).map((each) => {
    const [namespace = "", name = ""] = each.split("/");
    return { namespace, name };
  });
  throw notThere(question, named, `${label}: the comments of its rules name services, and it`);
}

/** Begins in the chains and maps that all service ports share, and in virtual servers. */
function graphOf(lines: readonly OwnLine[], texts: Texts): ChainGraph {
  const servers = lines.filter(({ chain, text }) => chain === undefined && /^-[Aa] -/.test(text));
  const shared = lines.flatMap(({ chain, set, file, line }) => {
    const name = chain === undefined ? set : belongsToServicePort(chain) ? undefined : chain;
    return name === undefined ? [] : [`${name} ${file}:${line}`];
  });
  const roots = new Set(shared);
  const chains = chainGraph(texts, ({ chain, file, line }) => roots.has(`${chain} ${file}:${line}`));
  return joinGraphs([chains, serverGraph(servers.map(({ text }) => text))]);
}
