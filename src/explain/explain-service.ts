import type { Origin } from "../diagnostics/place.ts";
import type { Service } from "../model/objects/service.ts";
import { plansOf } from "./not-programmed/endpoint-uses.ts";
import { exposureOmissions } from "./not-programmed/exposure.ts";
import type { NodeFacts, NotProgrammed } from "./not-programmed/not-programmed.ts";
import { portOmissions } from "./not-programmed/ports.ts";
import { serverOmissions } from "./not-programmed/routes.ts";
import { serviceOmissions } from "./not-programmed/services.ts";
import { duplicateOmissions, sliceOmissions, slicesOf } from "./not-programmed/slices.ts";
import { type PortPicture, pictureOf } from "./port-picture.ts";
import { type OwnLine, ownLines } from "./service-lines.ts";
import type { Texts } from "./texts.ts";

/** What a Service, or one of its slices, causes, and what it does not. */
export interface ObjectExplanation {
  readonly kind: "ServiceExplanation" | "EndpointSliceExplanation" | "EndpointsExplanation";
  /** `Service shop/web` */
  readonly object: string;
  /** Undefined where there is only a dump to ask. */
  readonly type: string | undefined;
  readonly origin: Origin | undefined;
  readonly parts: readonly NodePart[];
}

/** The same on all of these nodes. */
export interface NodePart {
  readonly nodes: readonly string[];
  readonly ports: readonly PortPicture[];
  readonly omissions: readonly NotProgrammed[];
  readonly lines: readonly OwnLine[];
  /** Of a dump: what the state asks for and is not there. */
  readonly missing: readonly OwnLine[];
}

/** What a Service causes on one node. `texts` were compiled, with origins, from the same plan. */
export function explainServiceOn(service: Service, node: NodeFacts, texts: Texts): NodePart {
  const plans = plansOf(service, node.plan);
  const slices = slicesOf(service, node);
  const objects = objectsOf(service, node);
  const { scheduler } = node.plan.ipvs;
  const isProxied = plans.length > 0;
  return {
    nodes: [node.name],
    ports: plans.map((planned) => pictureOf(planned, { balancing: node.program.traits.balancing, scheduler, texts })),
    omissions: [
      ...serviceOmissions(service, node),
      ...(isProxied ? exposureOmissions(service, node) : []),
      ...(isProxied ? sliceOmissions(service, node) : []),
      ...plans.flatMap(({ plan, settings }) => {
        const { family } = settings;
        const omissions = [
          ...portOmissions(plan, settings, node),
          ...serverOmissions(plan, node),
          ...duplicateOmissions(plan, slices),
        ];
        return omissions.map((omission) => ({ ...omission, family }));
      }),
    ],
    lines: ownLines(texts, ({ cause }) => cause !== undefined && objects.has(cause.object)),
    missing: [],
  };
}

/** What causes the lines of a Service: itself and its slices, as origins call them. */
export function objectsOf(service: Service, node: NodeFacts): ReadonlySet<string> {
  return new Set([
    `Service ${service.namespace}/${service.name}`,
    ...slicesOf(service, node).map((slice) => `${slice.source} ${slice.namespace}/${slice.name}`),
  ]);
}
