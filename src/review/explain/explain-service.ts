import type { Origin } from "../../diagnostics/place.ts";
import { originOf } from "../../diagnostics/place.ts";
import type { Service } from "../../model/service.ts";
import { exposureOmissions } from "./omissions/exposure-omissions.ts";
import type { NodeFacts } from "./omissions/node-facts.ts";
import type { Omission } from "./omissions/omission.ts";
import { portOmissions } from "./omissions/port-omissions.ts";
import { serviceOmissions } from "./omissions/service-omissions.ts";
import { duplicateOmissions, sliceOmissions, slicesOf } from "./omissions/slice-omissions.ts";
import { type OwnLine, ownLines } from "./own-lines.ts";
import { type PortPicture, pictureOf } from "./port-picture.ts";
import { plansOf } from "./service-plans.ts";
import type { Texts } from "./texts.ts";

/** What a Service causes, and what it does not. */
export interface ServiceExplanation {
  readonly object: string;
  readonly type: string;
  readonly origin: Origin;
  readonly parts: readonly NodePart[];
}

/** The same on all of these nodes. */
export interface NodePart {
  readonly nodes: readonly string[];
  readonly ports: readonly PortPicture[];
  readonly omissions: readonly Omission[];
  readonly lines: readonly OwnLine[];
}

/** What a Service causes on one node. `texts` were compiled, with origins, from the same plan. */
export function explainServiceOn(service: Service, node: NodeFacts, texts: Texts): NodePart {
  const plans = plansOf(service, node.plan);
  const slices = slicesOf(service, node);
  const objects = new Set([
    `Service ${service.namespace}/${service.name}`,
    ...slices.map((slice) => `${slice.source} ${slice.namespace}/${slice.name}`),
  ]);
  const { scheduler } = node.plan.ipvs;
  const isProxied = plans.length > 0;
  return {
    nodes: [node.name],
    ports: plans.map((planned) => pictureOf(planned, node.mode, scheduler, texts)),
    omissions: [
      ...serviceOmissions(service, node),
      ...(isProxied ? exposureOmissions(service, node) : []),
      ...(isProxied ? sliceOmissions(service, node) : []),
      ...plans.flatMap(({ plan, settings }) => [
        ...portOmissions(plan, settings, node),
        ...duplicateOmissions(plan, slices),
      ]),
    ],
    lines: ownLines(texts, ({ cause }) => cause !== undefined && objects.has(cause.object)),
  };
}

/** The explanation of a Service from those of its nodes; equal ones become one. */
export function explainService(service: Service, parts: readonly NodePart[]): ServiceExplanation {
  const object = `Service ${service.namespace}/${service.name}`;
  return { object, type: service.type, origin: originOf(service.place), parts: foldNodes(parts) };
}

/** Places in the texts do not count: they hang on what other Services cause. */
function foldNodes(parts: readonly NodePart[]): readonly NodePart[] {
  const folded = new Map<string, NodePart>();
  for (const part of parts) {
    const { ports, omissions, lines } = part;
    const key = JSON.stringify([ports, omissions, lines.map(({ file, text }) => `${file} ${text}`)]);
    const known = folded.get(key);
    folded.set(key, known === undefined ? part : { ...known, nodes: [...known.nodes, ...part.nodes] });
  }
  return [...folded.values()];
}
