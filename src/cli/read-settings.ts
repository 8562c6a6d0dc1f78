import { dirname, isAbsolute, join } from "node:path";
import { InvalidArgumentError } from "commander";
import { createSink, createSubject, type Diagnostic, type Report } from "../diagnostics/diagnostic.ts";
import { at, documentPlace } from "../diagnostics/place.ts";
import { quoted } from "../diagnostics/printable.ts";
import { type Location, locate } from "../model/documents/locate.ts";
import { readDocuments } from "../model/documents/read-documents.ts";
import type { SourceDocument, SourceText } from "../model/documents/source.ts";
import { isRecord, typeAndValue } from "../model/fields/fields.ts";
import { type SettingName, SettingOption, settingNames, settings, variableOf, type Written } from "./settings.ts";
import { suggest } from "./suggest.ts";

/** A setting that the environment or the file has. */
export interface SettingValue {
  readonly written: Written;
  /** What the option of its flag would have. */
  readonly value: unknown;
  /** In the file; undefined: the environment has it. */
  readonly place: Location | undefined;
}

export interface ReadSettings {
  readonly values: ReadonlyMap<SettingName, SettingValue>;
  readonly diagnostics: readonly Diagnostic[];
  readonly documents: readonly SourceDocument[];
}

type Values = Map<SettingName, SettingValue>;

/** Reads every setting, also those that a command has no use for: a wrong value is an error everywhere. */
export function readSettings(
  file: SourceText | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ReadSettings {
  const sink = createSink();
  const report = sink.reporter(createSubject());
  const values: Values = new Map();
  const documents = file === undefined ? [] : readFile(file, values, report);
  for (const name of settingNames) {
    const text = environment[variableOf(name)] ?? "";
    if (text === "") continue;
    const read = parseTexts(name, settings[name].type === "list" ? text.split(",") : [text]);
    if (isFault(read))
      report("setting-variable-invalid", undefined, { variable: variableOf(name), got: quoted(text) }, read);
    else values.set(name, { ...read, place: undefined });
  }
  return { values, diagnostics: sink.diagnostics, documents };
}

/** What the text holds goes into `values`. */
function readFile(file: SourceText, values: Values, report: Report): readonly SourceDocument[] {
  const { documents, problems } = readDocuments(file);
  const [first, second] = documents;
  const marks = problems.map(({ offset, message }, index): SourceDocument => {
    report("syntax-invalid", documentPlace(documents.length + index), { problem: message });
    return { value: undefined, source: file, form: { kind: "problem", offset } };
  });
  if (second !== undefined) report("settings-not-a-mapping", documentPlace(1), { got: "several documents" });
  else if (first !== undefined && !isRecord(first.value))
    report("settings-not-a-mapping", documentPlace(0), { got: typeAndValue(first.value) });
  else if (first !== undefined) readFields(first, values, report);
  return [...documents, ...marks];
}

function readFields(document: SourceDocument, values: Values, report: Report): void {
  const { value: fields, source } = document;
  for (const [key, given] of Object.entries(isRecord(fields) ? fields : {})) {
    const field = at(documentPlace(0), key);
    const name = settingNames.find((one) => one === key);
    if (name === undefined) report("setting-unknown", field, { name: key }, { caret: "key", ...hintFor(key) });
    if (name === undefined || given === null) continue;
    const read = readGiven(name, given, source.name);
    if (!isFault(read)) {
      values.set(name, { ...read, place: locate(document, [key], "value") });
      continue;
    }
    const { item, wanted, hint } = read;
    const place = item === undefined ? field : at(field, item);
    const got = item === undefined || !Array.isArray(given) ? given : given[item];
    if (wanted === undefined) report("setting-invalid", place, { name, got: quoted(got) }, { hint });
    else report("setting-wrong-type", place, { name, wanted, got: typeAndValue(got) }, { hint });
  }
}

/** `kube-proxy-version` and `PORTOLAN_MODE` are understood too, as what was meant. */
function hintFor(key: string): { readonly hint?: string } {
  const bare = key.replace(/^(?:PORTOLAN_|--)|[-_]/g, "").toLowerCase();
  const same = settingNames.filter((name) => name.toLowerCase() === bare);
  const found = same.length > 0 ? same : suggest(key, settingNames);
  return found.length === 0 ? {} : { hint: `did you mean ${found.join(" or ")}?` };
}

type Read = Pick<SettingValue, "written" | "value">;

/** Why a value is refused; without `wanted` its type is right. */
interface Fault {
  readonly wanted?: string;
  /** The item of the list that is wrong. */
  readonly item?: number;
  readonly hint?: string;
}

function isFault(read: Read | Fault): read is Fault {
  return !("value" in read);
}

/** Reads what the file has. */
function readGiven(name: SettingName, given: unknown, file: string): Read | Fault {
  switch (settings[name].type) {
    case "boolean":
      return typeof given === "boolean" ? { written: given, value: given } : { wanted: "true or false" };
    case "number":
      return Number.isInteger(given) ? parseTexts(name, [String(given)]) : { wanted: "a whole number" };
    case "path":
      return typeof given === "string" ? parseTexts(name, [fromFile(given, file)]) : { wanted: "a string" };
    case "text":
      if (typeof given === "string") return parseTexts(name, [given]);
      return { wanted: "a string", ...(typeof given === "number" ? { hint: `write it in quotes: "${given}"` } : {}) };
    case "list":
      return readList(name, typeof given === "string" ? given.split(",") : given);
  }
}

function readList(name: SettingName, given: unknown): Read | Fault {
  if (!Array.isArray(given)) return { wanted: "a list of strings" };
  const wrong = given.findIndex((item) => typeof item !== "string");
  return wrong === -1 ? parseTexts(name, given) : { wanted: "a string", item: wrong };
}

/** A path in the file starts at the folder of the file. */
function fromFile(path: string, file: string): string {
  return isAbsolute(path) || path.startsWith("git:") || path.trim() === "" ? path : join(dirname(file), path);
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

/** Reads texts as the flag does; one alone unless it is a list. */
function parseTexts(name: SettingName, texts: readonly string[]): Read | Fault {
  const { type } = settings[name];
  const [first = ""] = texts;
  if (type === "boolean") {
    const value = Object.hasOwn(booleans, first) ? booleans[first] : undefined;
    return value === undefined ? { hint: "write true or false" } : { written: value, value };
  }
  const written = type === "list" ? texts.map((text) => text.trim()) : type === "number" ? Number(first) : first;
  const whole = parseText(name, texts.join(","));
  if (!isFault(whole)) return { written, value: whole.value };
  const item = texts.findIndex((text) => isFault(parseText(name, text)));
  return { ...whole, ...(type === "list" && item !== -1 ? { item } : {}) };
}

function parseText(name: SettingName, text: string): Read | Fault {
  const { parseArg, argChoices = [] } = new SettingOption(name);
  try {
    return { written: text, value: parseArg === undefined ? text : parseArg(text, undefined) };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const message = error.message.replace(/\.$/, "");
    const [near] = suggest(text, argChoices);
    const isAlone = near === undefined;
    return {
      hint: isAlone ? `${message.charAt(0).toLowerCase()}${message.slice(1)}` : `did you mean ${near}? ${message}`,
    };
  }
}
