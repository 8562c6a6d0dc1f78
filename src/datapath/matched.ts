import { type AddressSet, intersect, isEmpty, subtract } from "./address-set.ts";
import type { Flow } from "./flow.ts";
import { everything, minus, type Share } from "./share.ts";

/** Which packets of a flow a predicate matches. */
export type Matched =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  /** The packets from these sources; never all of the flow's sources, never none. */
  | { readonly kind: "sources"; readonly sources: AddressSet }
  | { readonly kind: "share"; readonly share: Share }
  /** The text does not show it; matched are the packets for which the answer to `what` is this one. */
  | { readonly kind: "unknown"; readonly what: string; readonly answer: boolean };

export const all: Matched = { kind: "all" };
export const none: Matched = { kind: "none" };

export function yesOrNo(answer: boolean): Matched {
  return answer ? all : none;
}

export function unknown(what: string): Matched {
  return { kind: "unknown", what, answer: true };
}

/** The sources of the flow that are in a set. */
export function within(sources: AddressSet, flow: Flow): Matched {
  const hit = intersect(flow.sources, sources);
  if (isEmpty(hit)) return none;
  return isEmpty(subtract(flow.sources, hit)) ? all : { kind: "sources", sources: hit };
}

/** The result of `!`. */
export function opposite(matched: Matched, flow: Flow): Matched {
  switch (matched.kind) {
    case "all":
      return none;
    case "none":
      return all;
    case "sources":
      return { kind: "sources", sources: subtract(flow.sources, matched.sources) };
    case "share":
      return { kind: "share", share: minus(everything, matched.share) };
    case "unknown":
      return { ...matched, answer: !matched.answer };
  }
}
