import { printableJson } from "../diagnostics/printable.ts";
import { sha256Number } from "../model/sha256.ts";
import type { SnapshotObject } from "./make-snapshot.ts";
import { printYaml } from "./print-yaml.ts";

export type SnapshotFormat = "yaml" | "json";
export type SplitBy = "namespace" | "object";

/** Prints a snapshot as one text: YAML with a document each, or a JSON List. */
export function printSnapshot(objects: readonly SnapshotObject[], format: SnapshotFormat): string {
  if (format === "yaml" && objects.length === 0) return printYaml({ apiVersion: "v1", kind: "List", items: [] });
  return printObjects(
    objects.map(({ value }) => value),
    format,
  );
}

/** Prints objects as YAML, a document each, or as one JSON List. */
export function printObjects(items: readonly unknown[], format: SnapshotFormat): string {
  if (format === "yaml") return items.map(printYaml).join("---\n");
  return `${printableJson({ apiVersion: "v1", kind: "List", items }, 2)}\n`;
}

/** Names no namespace can have. */
const clusterScope = "_cluster";

/** Prints a snapshot as files, by name: one for each namespace or object, and what belongs to no namespace apart. */
export function printSnapshotFiles(
  objects: readonly SnapshotObject[],
  format: SnapshotFormat,
  by: SplitBy,
): ReadonlyMap<string, string> {
  const groups = new Map<string, SnapshotObject[]>();
  for (const object of objects) {
    const name = `${fileName(object, by)}.${format}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [object]);
    else group.push(object);
  }
  return new Map([...groups].map(([name, group]) => [name, printSnapshot(group, format)]));
}

function fileName({ namespace, kind, name }: SnapshotObject, by: SplitBy): string {
  const scope = namespace === "" ? clusterScope : safe(namespace);
  if (by === "namespace") return shortened(scope);
  return shortened([scope, kind.toLowerCase(), ...(name === "" ? [] : [safe(name)])].join("."));
}

/** File systems take 255 bytes; the name of an object alone may have 253. */
const longestName = 240;

function shortened(name: string): string {
  return name.length <= longestName ? name : `${name.slice(0, 220)}~${sha256Number(name).toString(36)}`;
}

/** Objects in files may have names no API server takes, with slashes, dots at the front, halves of characters. */
function safe(name: string): string {
  return encodeURIComponent(name.replace(/[\ud800-\udfff]/gu, "\ufffd")).replace(
    /^[._]/,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
}
