import type { Origin } from "../diagnostics/place.ts";
import type { Service } from "../model/objects/service.ts";
import { plansOf } from "./not-programmed/endpoints.ts";
import { exposureOmissions } from "./not-programmed/exposure.ts";
import type { NodeFacts, NotProgrammed } from "./not-programmed/not-programmed.ts";
import { portOmissions } from "./not-programmed/ports.ts";
import { serverOmissions } from "./not-programmed/routes.ts";
import { serviceOmissions } from "./not-programmed/services.ts";
import { duplicateOmissions, sliceOmissions, slicesOf } from "./not-programmed/slices.ts";
import { type PortPicture, pictureOf } from "./port-picture.ts";
import { type OwnLine, ownLines } from "./service-lines.ts";
import type { Texts } from "./texts.ts";

/** What a Service, or one of its slices, generates, and what it does not. */
export interface ObjectExplanation {
  readonly kind: "ServiceExplanation" | "EndpointSliceExplanation" | "EndpointsExplanation";
  /** `Service shop/web` */
  readonly object: string;
  /** Undefined where the input is a dump only. */
  readonly type: string | undefined;
  readonly origin: Origin | undefined;
  readonly parts: readonly NodePart[];
}

/** The explanation for nodes where it is the same. */
export interface NodePart {
  readonly nodes: readonly string[];
  readonly ports: readonly PortPicture[];
  readonly omissions: readonly NotProgrammed[];
  readonly lines: readonly OwnLine[];
  /** For a dump: lines that the state requires and the dump does not contain. */
  readonly missing: readonly OwnLine[];
}

/** What a Service generates on one node. `texts` were compiled, with origins, from the same plan. */
export function explainServiceOn(service: Service, node: NodeFacts, texts: Texts): NodePart {
  const plans = plansOf(service, node.plan);
  const slices = slicesOf(service, node);
  const objects = objectsOf(service, node);
  const { scheduler } = node.plan.ipvs;
  const isProxied = plans.length > 0;
  const { traits, chainNames: names } = node.program;
  const drawing = { balancing: traits.balancing, names, scheduler, texts };
  return {
    nodes: [node.name],
    ports: plans.map((planned) => pictureOf(planned, drawing)),
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
    lines: ownLines(texts, (_text, _chain, cause) => cause !== undefined && objects.has(cause.object)),
    missing: [],
  };
}

/** The objects that generate the lines of a Service: the Service and its slices, named as in origins. */
export function objectsOf(service: Service, node: NodeFacts): ReadonlySet<string> {
  return new Set([
    `Service ${service.namespace}/${service.name}`,
    ...slicesOf(service, node).map((slice) => `${slice.source} ${slice.namespace}/${slice.name}`),
  ]);
}
