import type { CatalogEntry } from "./catalog/entry.ts";
import { type Code, catalog, type Parameters } from "./catalog.ts";
import { fieldPath, type Origin, originOf, type Place } from "./place.ts";
import { printable } from "./printable.ts";

export type Severity = "error" | "warning" | "info";

/** A second place that a diagnostic mentions, such as where a port was first used. */
export interface RelatedPlace {
  readonly message: string;
  readonly origin: Origin;
}

/** One problem found in the input. `origin` says where; the command line turns it into file:line:column. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly object: string | undefined;
  readonly field: string | undefined;
  readonly origin: Origin | undefined;
  /** Whether the caret belongs under the key (an unknown field) or under its value. */
  readonly caret: "key" | "value";
  readonly related: readonly RelatedPlace[];
  readonly hint: string | undefined;
  /** The affected nodes, if these are not all nodes. */
  readonly nodes?: readonly string[];
  /** The affected service ports: `shop/web:http`, or `10.96.0.10:80/TCP` where the text does not name them. */
  readonly services?: readonly string[];
}

export interface ReportOptions {
  readonly caret?: "key" | "value";
  readonly related?: readonly { readonly message: string; readonly place: Place }[];
  /** Replaces the catalog's hint. */
  readonly hint?: string | undefined;
  readonly nodes?: readonly string[];
  readonly services?: readonly string[];
}

/** Reports a problem; the caller continues: `report("port-out-of-range", place, { got: 0 })`. */
export type Report = <C extends Code>(
  code: C,
  place: Place | undefined,
  parameters: Parameters<C>,
  options?: ReportOptions,
) => void;

/** Collects the diagnostics of a run. */
export interface Sink {
  readonly diagnostics: Diagnostic[];
  /** A `Report` for problems of one object; its errors are counted on it. */
  reporter(subject: Subject): Report;
}

/** The same problem at the same place is kept once: compiling several nodes finds it again for each. */
export function createSink(): Sink {
  const diagnostics: Diagnostic[] = [];
  const known = new Set<string>();
  return {
    diagnostics,
    reporter: (subject) => (code, place, parameters, options) => {
      const object = subject.kind === "" ? undefined : describeSubject(subject);
      const diagnostic = makeDiagnostic(code, parameters, { ...options, place, object });
      if (diagnostic.severity === "error") subject.errors += 1;
      const { document = "", path = [] } = diagnostic.origin ?? {};
      const key = [code, document, ...path, diagnostic.message].join(" ");
      if (!known.has(key)) diagnostics.push(diagnostic);
      known.add(key);
    },
  };
}

interface Reported extends ReportOptions {
  readonly place: Place | undefined;
  readonly object: string | undefined;
}

function makeDiagnostic<C extends Code>(code: C, parameters: Parameters<C>, reported: Reported): Diagnostic {
  const { place, object, ...options } = reported;
  const entry: CatalogEntry = catalog[code];
  const origin = place === undefined ? undefined : originOf(place);
  const field = origin === undefined ? "" : fieldPath(withinObject(origin.path));
  return {
    code,
    severity: entry.severity,
    message: fill(entry.message, parameters),
    object: object === undefined ? undefined : printable(object),
    field: field === "" ? undefined : printable(field),
    origin,
    caret: options.caret ?? "value",
    related: (options.related ?? []).map(({ message, place: other }) => ({ message, origin: originOf(other) })),
    hint: options.hint ?? entry.hint,
    ...(options.nodes === undefined ? {} : { nodes: options.nodes }),
    ...(options.services === undefined ? {} : { services: options.services }),
  };
}

/** The path below the object itself: `items[3]` of a List is not part of the field. */
function withinObject(path: readonly (string | number)[]): readonly (string | number)[] {
  let start = 0;
  while (path[start] === "items" && typeof path[start + 1] === "number") start += 2;
  return path.slice(start);
}

function fill(template: string, parameters: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => printable(parameters[name]));
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}

/** The object that diagnostics belong to, and its number of errors. Without a kind: the run as a whole. */
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

/** `Service shop/web`, `Node n1`: the name of an object in messages. */
export function describeObject(kind: string, namespace: string, name: string): string {
  if (name === "") return kind;
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

export function describeSubject({ kind, namespace, name }: Subject): string {
  return describeObject(kind, namespace, name);
}
