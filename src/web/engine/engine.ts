import { stringify } from "yaml";
import { check, compile, type Diagnostic, diff, explainPacket, type StateOptions, snapshot } from "../../index.ts";
import {
  type Analysis,
  type Answers,
  type DiffAnswer,
  defaultSettings,
  type FieldName,
  type FileRange,
  type PacketQuestion,
  type PacketResult,
  type Problem,
  type Question,
  type Settings,
  type Side,
  type TextFile,
} from "../protocol.ts";
import { type CompleteState, completeState } from "./complete-state.ts";
import { drawPicture } from "./draw-picture.ts";
import { listDump, listRules } from "./list-rules.ts";
import { createRandomDigest } from "./random-digest.ts";
import { keysOf, objectName, type ReadFiles, rangeOf, readFiles } from "./read-files.ts";
import { at, text } from "./values.ts";

/** Answers the page's questions; keeps the state that was analysed last. */
export interface Engine {
  readonly answer: <K extends Question["kind"]>(question: Question & { readonly kind: K }) => Answers[K];
}

interface CurrentState {
  readonly read: ReadFiles;
  readonly state: CompleteState;
  readonly options: StateOptions;
}

/** An engine; it is pure but for the state that it keeps and the random bytes that it is given. */
export function createEngine(randomBytes: (count: number) => Uint8Array): Engine {
  let current: CurrentState = { read: readFiles([]), state: completeState([], defaultSettings), options: {} };
  const answers: { readonly [K in Question["kind"]]: (question: Question & { readonly kind: K }) => Answers[K] } = {
    analyse: ({ files, settings }) => {
      current = readState({ files, settings });
      return analyse(current, settings);
    },
    packets: ({ packets }) => packets.map((question) => explain(current, question)),
    problems: () => findProblems(current),
    diff: ({ base, head }) => compare(base, head),
    redact: ({ files, settings }) => redact({ files, settings }, createRandomDigest(randomBytes)),
    places: ({ fields }) => fields.map((field) => placeOf(current, field)),
  };
  return { answer: (question) => answers[question.kind](question as never) as never };
}

function readState({ files, settings }: Side): CurrentState {
  const read = readFiles(files);
  const values = read.documents.map(({ value }) => value);
  const state = completeState(values, settings);
  const { mode, version: kubeProxyVersion } = settings;
  return { read, state, options: { mode, kubeProxyVersion, node: nodeOf(state.objects, settings.node) } };
}

/** The chosen node where the state has it, else its first; without Nodes, the first that an endpoint names. */
function nodeOf(objects: readonly unknown[], chosen: string | undefined): string | undefined {
  const { nodes } = drawPicture(objects);
  return chosen !== undefined && nodes.includes(chosen) ? chosen : (nodes[0] ?? "node1");
}

function analyse({ read, state, options }: CurrentState, { mode }: Settings): Analysis {
  const picture = drawPicture(state.objects);
  const shown = { picture, simulated: state.simulated };
  const failed = (diagnostics: readonly Diagnostic[]): readonly Problem[] => [
    ...read.problems,
    ...diagnostics
      .filter(({ severity }) => severity === "error")
      .map((one) => problemOf(one, { read, state, options })),
  ];
  const errors = failed(state.diagnostics);
  const [host] = read.hosts;
  if (errors.length === 0 && host !== undefined)
    return { ...shown, rules: listDump(host), mode, node: host.name ?? "the dump's host", errors };
  if (errors.length > 0 || read.documents.length === 0) return { ...shown, rules: [], mode, node: undefined, errors };
  const { script, diagnostics, node } = compile(state.objects, { ...options, origins: true });
  if (script === undefined) return { ...shown, rules: [], mode, node: undefined, errors: failed(diagnostics) };
  return { ...shown, rules: listRules(script), mode, node, errors: [] };
}

/** On the host of a dump where there is one; the objects then only give names. */
function explain({ read, state, options }: CurrentState, question: PacketQuestion): PacketResult {
  const [actual] = read.hosts;
  const node = actual === undefined ? options.node : actual.name;
  const { explanation, problem, diagnostics } = explainPacket(state.objects, question, { ...options, node, actual });
  const error = diagnostics.find(({ severity }) => severity === "error");
  return { question, explanation, problem: problem ?? (explanation === undefined ? error?.message : undefined) };
}

function findProblems(current: CurrentState): readonly Problem[] {
  const { read, state, options } = current;
  const early = [...read.problems, ...state.diagnostics.map((one) => problemOf(one, current))];
  const { node: _, ...all } = options;
  const nodes = drawPicture(state.objects).nodes;
  const { findings } =
    early.some(({ severity }) => severity === "error") || (state.objects.length === 0 && read.hosts.length === 0)
      ? { findings: [] }
      : check(state.objects, { ...all, ...(nodes.length === 0 ? options : {}), hosts: read.hosts });
  const found = [...early, ...findings.map((one) => problemOf(one, current))];
  return found.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

const rank = { error: 0, warning: 1, info: 2 };

/** With the place in the given files; an object that was simulated has the place of its Service, or none. */
function problemOf(diagnostic: Diagnostic, current: CurrentState): Problem {
  const { code, severity, message, object, field, hint } = diagnostic;
  const found = originPlace(diagnostic, current);
  return { code, severity, message, object, field, hint, place: found?.range, at: found?.at };
}

function originPlace({ origin, caret }: Diagnostic, { read, state }: CurrentState) {
  if (origin === undefined) return undefined;
  if (state.simulated === undefined) {
    const document = read.documents[origin.document];
    return document && rangeOf(document, origin.path, caret);
  }
  const value = state.objects[origin.document];
  const given = read.objects.get(objectName(value) ?? "") ?? read.objects.get(makerOf(value) ?? "");
  return given && rangeOf(given.document, [...given.path, ...origin.path], caret);
}

/** The object for which another was simulated. */
function makerOf(value: unknown): string | undefined {
  const service = text(at(value, "metadata", "labels", "kubernetes.io/service-name"));
  return service && `Service ${text(at(value, "metadata", "namespace")) ?? "default"}/${service}`;
}

function placeOf({ read, state }: CurrentState, { object, field }: FieldName): FileRange | undefined {
  const given = read.objects.get(object);
  if (given !== undefined) return rangeOf(given.document, [...given.path, ...keysOf(field)], "key")?.range;
  const made = state.objects.find((value) => objectName(value) === object);
  const maker = read.objects.get(makerOf(made) ?? "");
  return maker && rangeOf(maker.document, [...maker.path, "spec", "selector"], "key")?.range;
}

function compare(base: Side, head: Side): DiffAnswer {
  const [before, after] = [readState(base), readState(head)];
  const unread = [before, after].find(({ read, state }) => read.problems.length > 0 || state.diagnostics.some(isError));
  if (unread !== undefined) return { diff: undefined, problem: "one of the sides has errors: see Problems" };
  const inputs = [before, after].map(({ state, options }, index) => {
    const { node: _, ...rest } = options;
    return { name: index === 0 ? "now" : "proposed", objects: state.objects, ...rest };
  });
  const [first, second] = inputs;
  if (first === undefined || second === undefined) return { diff: undefined, problem: undefined };
  const { diff: result, problem, diagnostics } = diff(first, second);
  const error = [...diagnostics.base, ...diagnostics.head].find(isError);
  return { diff: result, problem: problem ?? (result === undefined ? error?.message : undefined) };
}

function isError({ severity }: Diagnostic): boolean {
  return severity === "error";
}

/** The completed state with other names and addresses. Texts of tools are left out: they cannot be redacted. */
function redact(side: Side, digest: (value: string) => string): readonly TextFile[] {
  const { objects } = snapshot(readState(side).state.objects, { redact: digest });
  const texts = objects.map((object) => stringify(object, { version: "1.1", lineWidth: 0 }));
  return texts.length === 0 ? [] : [{ name: "redacted.yaml", text: texts.join("---\n") }];
}
