import { at, type Origin, originOf } from "../diagnostics/place.ts";
import type { EndpointSlice } from "../model/objects/endpoint-slice.ts";
import { explainServiceOn, type NodePart } from "./explain-service.ts";
import type { NodeFacts, NotProgrammed } from "./not-programmed/not-programmed.ts";
import { whyNotProxied } from "./not-programmed/services.ts";
import type { Texts } from "./texts.ts";

/** What an EndpointSlice, or v1 Endpoints, generates on one node, and what its endpoints do not get. */
export function explainSliceOn(slice: EndpointSlice, node: NodeFacts, texts: Texts): NodePart {
  const { cluster, name } = node;
  const service = cluster.services.find((one) => one.namespace === slice.namespace && one.name === slice.service);
  const unserved = service === undefined ? withoutService(slice) : whyNotProxied(service, node);
  if (service === undefined || unserved !== undefined) {
    return { nodes: [name], ports: [], omissions: unserved === undefined ? [] : [unserved], lines: [], missing: [] };
  }
  const object = `${slice.source} ${slice.namespace}/${slice.name}`;
  const own = originOf(slice.place);
  const part = explainServiceOn(service, node, texts);
  const targets = new Set(slice.endpoints.map(({ ip }) => ip));
  return {
    ...part,
    ports: part.ports.map((port) => ({
      ...port,
      endpoints: port.endpoints.filter(({ target }) => targets.has(addressOf(target))),
    })),
    omissions: part.omissions.filter(({ origin }) => origin !== undefined && isWithin(origin, own)),
    lines: part.lines.filter(({ cause }) => cause?.object === object),
  };
}

/** `10.0.1.5` of `10.0.1.5:80`, `fd00::1` of `[fd00::1]:80`. */
function addressOf(target: string): string {
  return target.slice(0, target.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function isWithin({ document, path }: Origin, { document: other, path: start }: Origin): boolean {
  return document === other && start.every((key, index) => path[index] === key);
}

function withoutService(slice: EndpointSlice): NotProgrammed {
  const why =
    slice.service === undefined
      ? "it has no label kubernetes.io/service-name"
      : `the state has no Service ${slice.namespace}/${slice.service}`;
  const origin = originOf(at(slice.place, "metadata"));
  const reason = slice.service === undefined ? "slice-without-label" : "slice-without-service";
  return { reason, port: undefined, what: "every rule", why, origin };
}

/** What Endpoints generate on a node: they are read into several slices. */
export function explainSlicesOn(slices: readonly EndpointSlice[], node: NodeFacts, texts: Texts): NodePart {
  return joinParts(slices.map((slice) => explainSliceOn(slice, node, texts)));
}

function joinParts(parts: readonly NodePart[]): NodePart {
  const [first, ...others] = parts as [NodePart, ...NodePart[]];
  const unique = <T>(values: readonly T[]): readonly T[] => [
    ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
  ];
  return {
    ...first,
    ports: others.length === 0 ? first.ports : [],
    omissions: unique(parts.flatMap(({ omissions }) => omissions)),
    lines: unique(parts.flatMap(({ lines }) => lines)),
  };
}
