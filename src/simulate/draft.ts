import type { Report, Sink } from "../diagnostics/diagnostic.ts";
import type { Place } from "../diagnostics/place.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import { subjectOf } from "../model/read-objects.ts";
import type { Holdings } from "./allocate.ts";
import type { GivenObject } from "./given.ts";
import type { Settings } from "./options.ts";
import type { Value } from "./values.ts";

/** An object nobody gave. */
export interface InventedObject {
  readonly value: Value;
  /** Where the object stands that it was made for; undefined: for none. */
  readonly place: Place | undefined;
}

/** What simulating has come to so far; each step reads what those before it left. */
export interface Draft {
  readonly settings: Settings;
  readonly held: Holdings;
  readonly sink: Sink;
  /** Given objects as they are now, where they are another than before, by their place in the input. */
  readonly changed: Map<InputObject, Value>;
  readonly invented: InventedObject[];
  /** Given objects that are there no more. */
  readonly removed: Set<InputObject>;
  /** `shop/web` of Services whose given slices are no longer true. */
  readonly stale: Set<string>;
}

export function reportOn({ sink }: Draft, { input }: GivenObject): Report {
  return sink.reporter(subjectOf(input));
}
