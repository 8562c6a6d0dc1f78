/**
 * A place in the input: a chain of keys that ends in the number of a document. It is linked, so that reading 100,000
 * endpoints costs one small object each instead of a path.
 */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

/** A place as a value: the document's number in the order it was given, and the keys down from its root. */
export interface Origin {
  readonly document: number;
  readonly path: readonly (string | number)[];
}

export function documentPlace(document: number): Place {
  return { parent: undefined, key: document };
}

export function at(parent: Place, key: string | number): Place {
  return { parent, key };
}

export function originOf(place: Place): Origin {
  const path: (string | number)[] = [];
  let here = place;
  while (here.parent !== undefined) {
    path.push(here.key);
    here = here.parent;
  }
  return { document: Number(here.key), path: path.reverse() };
}

/** `spec.ports[0].port`, as Kubernetes writes field paths. Keys that are no identifiers go in brackets. */
export function fieldPath(path: readonly (string | number)[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${key}]`;
  }
  return text;
}

/** What names a text by its document, so that its lines have places: `2`, or `2 17` for one that is quoted in line 17. */
export function numberOf({
  source,
  quotedAt,
}: {
  readonly source: number;
  readonly quotedAt?: number | undefined;
}): string {
  return quotedAt === undefined ? `${source}` : `${source} ${quotedAt}`;
}

/** The place of a line of such a text; a quoted text is in one line as a whole. */
export function placeIn(file: string, line: number): Place {
  const [document, quotedAt] = file.split(" ");
  return at(documentPlace(Number(document)), quotedAt === undefined ? line : Number(quotedAt));
}
