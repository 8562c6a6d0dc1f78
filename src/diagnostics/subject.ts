/** The object that diagnostics are about, and how many errors it has so far. Without a kind: the run as a whole. */
export interface Subject {
  readonly kind: string;
  /** Empty for kinds without one. */
  readonly namespace: string;
  readonly name: string;
  errors: number;
}

export function createSubject(kind = "", namespace = "", name = ""): Subject {
  return { kind, namespace, name, errors: 0 };
}

/** `Service shop/web`, `Node n1`: how messages call an object. */
export function describeObject(kind: string, namespace: string, name: string): string {
  if (name === "") return kind;
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

export function describeSubject({ kind, namespace, name }: Subject): string {
  return describeObject(kind, namespace, name);
}
