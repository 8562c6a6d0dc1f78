import { createSubject, type Report, type ReportOptions, type Sink } from "../../diagnostics/diagnostic.ts";
import { at, documentPlace } from "../../diagnostics/place.ts";
import { absentAnnotation } from "../../model/documents/apply-overlay.ts";
import { readDocuments } from "../../model/documents/read-documents.ts";
import type { SourceDocument, SourceText } from "../../model/documents/source.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { mostNestedLists } from "../../model/flatten-documents.ts";
import { kustomizePrefix, readKustomize } from "./find-source.ts";
import { readSources, type SourceResult } from "./read-sources.ts";

export interface InputRequest {
  /** Documents that are read already, such as those of a running cluster; they come first. */
  readonly given?: readonly SourceDocument[] | undefined;
  /** Paths, `-`, or `git:REF[:PATH]`. */
  readonly filenames: readonly string[];
  readonly recursive: boolean;
  readonly proxyConfig: string | undefined;
  readonly cniConfig?: string | undefined;
  /** As `filenames`: objects that are applied on top of the others. */
  readonly overlays: readonly string[];
}

export interface Inputs {
  /**
   * Document numbers in diagnostics are indexes of this list. The first `valueCount` have values, the others mark
   * syntax errors.
   */
  readonly documents: readonly SourceDocument[];
  readonly valueCount: number;
  /** The number of the document from --proxy-config. */
  readonly proxyConfigDocument: number | undefined;
  /** The number of the document from --cni-config. */
  readonly cniConfigDocument?: number | undefined;
  /** The number of the first overlay document. Overlays are the last of the documents with values. */
  readonly overlaysFrom: number | undefined;
  /** Objects of the documents before the overlays that count as deleted unless an overlay contains them. */
  readonly gone?: ReadonlySet<string> | undefined;
  /** Services (`Service shop/web`) whose endpoints have been recomputed for their overlay. */
  readonly recomputed?: ReadonlySet<string> | undefined;
  /** Nobody asked for the simulation of these bare manifests. */
  readonly isAssumed?: boolean | undefined;
}

/** Reads all inputs of a command line. All problems are reported; the Inputs contain what could be read. */
export async function readInputs(request: InputRequest, sink: Sink): Promise<Inputs> {
  const failed: ((report: Report, number: number) => void)[] = [];
  const marks: SourceDocument[] = [];
  const fail = (mark: SourceDocument, reportAt: (report: Report, number: number) => void): void => {
    marks.push(mark);
    failed.push(reportAt);
  };
  const gatherObjects = async (filenames: readonly string[]): Promise<SourceDocument[]> =>
    (await gather(filenames, request.recursive, fail)).flatMap((document) => withEmbeddedConfiguration(document, fail));
  const documents = (request.given ?? []).flatMap((document) => withEmbeddedConfiguration(document, fail));
  for (const document of await gatherObjects(request.filenames)) documents.push(document);
  const only = async (path: string | undefined): Promise<number | undefined> => {
    const [document] = path === undefined ? [] : await gather([path], false, fail);
    return document === undefined ? undefined : documents.push(document) - 1;
  };
  const proxyConfigDocument = await only(request.proxyConfig);
  const cniConfigDocument = await only(request.cniConfig);
  const overlaysFrom = request.overlays.length === 0 ? undefined : documents.length;
  for (const document of await gatherObjects(request.overlays)) documents.push(document);
  const report = sink.reporter(createSubject());
  failed.forEach((reportAt, index) => {
    reportAt(report, documents.length + index);
  });
  const roles = { proxyConfigDocument, cniConfigDocument, overlaysFrom };
  return { documents: [...documents, ...marks], valueCount: documents.length, ...roles };
}

type Fail = (mark: SourceDocument, reportAt: (report: Report, number: number) => void) => void;

async function gather(filenames: readonly string[], recursive: boolean, fail: Fail): Promise<SourceDocument[]> {
  const documents: SourceDocument[] = [];
  for (const filename of filenames) {
    for (const result of await readOne(filename, recursive)) {
      for (const document of openSource(result, fail)) documents.push(document);
    }
  }
  return documents;
}

async function readOne(filename: string, recursive: boolean): Promise<readonly SourceResult[]> {
  if (filename.startsWith(kustomizePrefix)) return [await readKustomize(filename)];
  if (!filename.startsWith("git:")) return readSources(filename, recursive);
  const { readGitSources } = await import("./read-git.ts");
  return readGitSources(filename, recursive);
}

function openSource(result: SourceResult, fail: Fail): readonly SourceDocument[] {
  if (result.kind !== "text") {
    const { kind, name: path, reason } = result;
    const mark: SourceDocument = { value: undefined, source: { name: path, text: "" }, form: { kind: "none" } };
    fail(mark, (report, number) => {
      const place = documentPlace(number);
      if (kind === "unreadable") report("input-unreadable", place, { path, reason });
      else if (kind === "not-text") report("input-not-text", place, { path, reason });
      else if (kind === "skipped") report("input-skipped", place, { path, reason });
      else report("input-empty", place, { path });
    });
    return [];
  }
  const { source } = result;
  const { documents, problems } = readDocuments(source);
  for (const { offset, message } of problems) {
    fail(problemMark(source, offset), (report, number) =>
      report("syntax-invalid", documentPlace(number), { problem: message }, templateHint(source)),
    );
  }
  if (documents.length === 0 && problems.length === 0) {
    fail(problemMark(source, 0), (report, number) =>
      report("input-empty", documentPlace(number), { path: source.name }),
    );
  }
  return documents;
}

/** In YAML, braces are valid; but they often come from a template that was not rendered. */
function templateHint({ text }: SourceText): ReportOptions {
  if (!/\{\{[^{}]*\}\}/.test(text)) return {};
  return { hint: "this looks like a template: render it first, as with helm template RELEASE CHART" };
}

function problemMark(source: SourceText, offset: number): SourceDocument {
  return { value: undefined, source, form: { kind: "problem", offset } };
}

/** The kube-proxy ConfigMap contains a configuration as text; it becomes its own document, after the ConfigMap. */
function withEmbeddedConfiguration(document: SourceDocument, fail: Fail): readonly SourceDocument[] {
  const embedded: SourceDocument[] = [];
  for (const { path, text } of configMapsIn(document.value, [])) {
    if (text === undefined) {
      fail({ ...document, value: undefined }, (report, number) =>
        report("proxy-config-map-empty", path.reduce(at, documentPlace(number)), {}),
      );
      continue;
    }
    const source = { name: document.source.name, text };
    const { documents, problems } = readDocuments(source);
    const form = (problemAt: number | undefined): SourceDocument["form"] => ({
      kind: "embedded",
      within: document,
      path,
      problemAt,
    });
    for (const { value } of documents) embedded.push({ value, source, form: form(undefined) });
    for (const { offset, message } of problems) {
      fail({ value: undefined, source, form: form(offset) }, (report, number) =>
        report("syntax-invalid", documentPlace(number), { problem: message }),
      );
    }
  }
  return [document, ...embedded];
}

interface ConfigText {
  readonly path: readonly string[];
  /** Undefined for a ConfigMap without one. */
  readonly text: string | undefined;
}

const configKey = "config.conf";

function configMapsIn(value: unknown, path: readonly string[]): readonly ConfigText[] {
  if (!isRecord(value)) return [];
  if (Array.isArray(value.items)) {
    if (path.length > 2 * mostNestedLists) return [];
    return value.items.flatMap((item, index) => configMapsIn(item, [...path, "items", String(index)]));
  }
  const { metadata, data } = value;
  const isOurs =
    value.kind === "ConfigMap" &&
    isRecord(metadata) &&
    metadata.name === "kube-proxy" &&
    metadata.namespace === "kube-system";
  if (!isOurs || (isRecord(metadata.annotations) && absentAnnotation in metadata.annotations)) return [];
  const text = isRecord(data) ? data[configKey] : undefined;
  return typeof text === "string" ? [{ path: [...path, "data", configKey], text }] : [{ path, text: undefined }];
}
