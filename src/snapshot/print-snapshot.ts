import { printableJson, printableYaml } from "../diagnostics/printable.ts";
import { isRecord } from "../model/fields/fields.ts";
import { sha256Number } from "../model/sha256.ts";
import type { SnapshotObject } from "./make-snapshot.ts";

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

/** Words that some reader of YAML takes for something else than text. */
const notText = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;
const plainWord = /^[A-Za-z/][\w./-]*$/;
const ipv4 = /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/;

/**
 * Prints a value of JSON as a YAML document in block style, the keys in the order they have. One value has one
 * spelling, whatever library reads it; and a library that can print any YAML takes minutes for a large cluster.
 */
export function printYaml(value: unknown): string {
  const lines: string[] = [];
  printValue(value, { lines, indent: "", head: "" });
  return `${lines.join("\n")}\n`;
}

interface Printing {
  readonly lines: string[];
  readonly indent: string;
  /** The text before the value on its first line: `key:` or `-`. */
  readonly head: string;
}

function printValue(value: unknown, { lines, indent, head }: Printing): void {
  if (Array.isArray(value) && value.length > 0) {
    if (head !== "") lines.push(head);
    for (const item of value) printItem(item, lines, indent);
    return;
  }
  const entries = isRecord(value) ? Object.entries(value) : [];
  if (entries.length === 0) {
    lines.push(`${head}${head === "" ? "" : " "}${isRecord(value) ? "{}" : printScalar(value)}`);
    return;
  }
  if (head !== "") lines.push(head);
  for (const [key, field] of entries) {
    // The items of a list stand under their key, mappings two columns deeper.
    const inner = Array.isArray(field) ? indent : `${indent}  `;
    printValue(field, { lines, indent: inner, head: `${indent}${printText(key)}:` });
  }
}

/** The first line of an item goes beside its dash. */
function printItem(item: unknown, lines: string[], indent: string): void {
  const isInner = (Array.isArray(item) || isRecord(item)) && Object.keys(item).length > 0;
  if (!isInner) {
    printValue(item, { lines, indent, head: `${indent}-` });
    return;
  }
  const first = lines.length;
  printValue(item, { lines, indent: `${indent}  `, head: "" });
  lines[first] = `${indent}- ${(lines[first] ?? "").slice(indent.length + 2)}`;
}

function printScalar(value: unknown): string {
  if (Array.isArray(value)) return "[]";
  return typeof value === "string" ? printText(value) : JSON.stringify(value ?? null);
}

/** In quotes unless it can be nothing but text. */
function printText(text: string): string {
  if ((plainWord.test(text) && !notText.test(text)) || ipv4.test(text)) return text;
  return printableYaml(JSON.stringify(text)).replace(noCharacter, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}

/** No YAML document may hold them. */
const noCharacter = /[\ufffe\uffff]/g;
