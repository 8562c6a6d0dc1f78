import type { Source, SourceOf } from "../../explain/explanation.ts";
import { locate } from "../../model/documents/locate.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { Failure } from "../effects.ts";
import type { ObjectQuestion } from "./parse-question.ts";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Finds the requested object. Without one, ends the command and suggests the nearest name. */
export function findObject<T extends Named>(question: ObjectQuestion, objects: readonly T[], where: string): T {
  const { namespace, name } = question;
  const found = objects.find((object) => object.namespace === namespace && object.name === name);
  if (found === undefined) throw notThere(question, objects, where);
  return found;
}

/** Reports that the object does not exist and suggests another: first the same name in other namespaces. */
export function notThere({ type, namespace, name }: ObjectQuestion, objects: readonly Named[], where: string): Failure {
  const wanted = fullName({ namespace, name });
  const elsewhere = objects.find((object) => object.name === name);
  const near = elsewhere === undefined ? didYouMean(wanted, objects.map(fullName)) : fullName(elsewhere);
  const hint = near === undefined ? "" : `; did you mean ${type.toLowerCase()}/${near}?`;
  return new Failure(`${where} has no ${type} ${wanted}${hint}`, "invalid-input");
}

function fullName({ namespace, name }: Named): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** Finds places of these documents as file, line and column; results are cached, since many lines share a place. */
export function sourceFinder(documents: readonly SourceDocument[]): SourceOf {
  const known = new Map<string, Source | undefined>();
  return ({ document, path }) => {
    const key = [document, ...path].join("\n");
    if (known.has(key)) return known.get(key);
    const source = documents[document];
    const found = source && locate(source, path, "value");
    const place = found && { file: found.file, line: found.line, column: found.column };
    known.set(key, place);
    return place;
  };
}
