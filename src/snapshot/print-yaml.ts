import { printableYaml } from "../diagnostics/printable.ts";
import { isRecord } from "../model/fields/fields.ts";

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
