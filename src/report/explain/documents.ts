import type { CatalogEntry } from "../../diagnostics/catalog/entry.ts";
import { type Code, catalog } from "../../diagnostics/catalog.ts";
import type { Origin } from "../../diagnostics/place.ts";
import type { ChainExplanation, ExplainedRule } from "../../explain/chain/explain-chain.ts";
import type { RuleExplanation } from "../../explain/chain/explain-line.ts";
import type { EntryExplanation, SetExplanation } from "../../explain/chain/explain-set.ts";
import type { NodeExplanation } from "../../explain/explain-node.ts";
import type { ObjectExplanation } from "../../explain/explain-service.ts";
import { type Source, type SourceOf, sourceOfCause } from "../../explain/explanation.ts";
import type { NotProgrammed } from "../../explain/not-programmed/not-programmed.ts";
import type { OwnLine } from "../../explain/service-lines.ts";
import type { LineOrigin } from "../../ir/artifact.ts";
import { wrap } from "./tree.ts";

const apiVersion = "portolan/v1alpha1";

/** `-o json` of a Service or of its endpoints. */
export function objectDocument({ kind, object, type, origin, parts }: ObjectExplanation, sourceOf: SourceOf): object {
  return {
    apiVersion,
    kind,
    object,
    type,
    ...withSource(origin, sourceOf),
    nodes: parts.map(({ nodes, ports, omissions, lines, missing }) => ({
      nodes,
      ports,
      notProgrammed: omissions.map((omission) => omissionDocument(omission, sourceOf)),
      lines: lines.map((line) => lineDocument(line, sourceOf)),
      missing: missing.map((line) => lineDocument(line, sourceOf)),
    })),
  };
}

function omissionDocument({ reason, port, family, what, why, origin }: NotProgrammed, sourceOf: SourceOf): object {
  return { reason, port, family, what, why, ...withSource(origin, sourceOf) };
}

/** A line of a text with its origin. */
export function lineDocument({ cause, ...line }: OwnLine, sourceOf: SourceOf): object {
  return { ...line, cause: cause && causeDocument(cause, sourceOf) };
}

/** The object and field that a line comes from. */
function causeDocument(cause: LineOrigin, sourceOf: SourceOf): object {
  const source: Source | undefined = sourceOfCause(cause, sourceOf);
  return { object: cause.object, ...(cause.field === "" ? {} : { field: cause.field }), source };
}

function withSource(origin: Origin | undefined, sourceOf: SourceOf): { readonly source?: Source | undefined } {
  return { source: origin && sourceOf(origin) };
}

/** `-o json` of a chain; `absent` where there is none of the name. */
export function chainDocument({ name, parts }: ChainExplanation, sourceOf: SourceOf): object {
  const nodes = parts.map(({ nodes: on, places, absent }) => ({
    nodes: on,
    chains: places.map(({ leadingHere: callers, elementsLeadingHere: elements, rules, ...place }) => ({
      ...place,
      callers: callers.map((rule) => ruleDocument(rule, sourceOf)),
      elements: elements.map((rule) => ruleDocument(rule, sourceOf)),
      rules: rules.map((rule) => ruleDocument(rule, sourceOf)),
    })),
    absent,
  }));
  return { apiVersion, kind: "ChainExplanation", name, nodes };
}

/** `-o json` of a set. */
export function setDocument({ name, parts }: SetExplanation, sourceOf: SourceOf): object {
  const nodes = parts.map(({ entries, rules, ...part }) => ({
    ...part,
    entries: entries.map((entry) => ({ ...entry, cause: entry.cause && causeDocument(entry.cause, sourceOf) })),
    rules: rules.map((rule) => ruleDocument(rule, sourceOf)),
  }));
  return { apiVersion, kind: "SetExplanation", name, nodes };
}

/** `-o json` of a rule. */
export function ruleExplanationDocument({ found, nearest, ...rule }: RuleExplanation, sourceOf: SourceOf): object {
  return {
    apiVersion,
    kind: "RuleExplanation",
    ...rule,
    found: found.map((each) => ({ ...ruleDocument(each, sourceOf), nodes: each.nodes, purpose: each.purpose })),
    nearest: nearest.map((each) => ruleDocument(each, sourceOf)),
  };
}

function ruleDocument(rule: ExplainedRule, sourceOf: SourceOf): object {
  const { cause, branches, ...rest } = rule;
  const ways = branches.length === 0 ? {} : { branches };
  return { ...rest, ...ways, cause: cause && causeDocument(cause, sourceOf) };
}

/** `-o json` of a line of the sets or virtual servers. */
export function entryDocument({ text, parts }: EntryExplanation, sourceOf: SourceOf): object {
  const nodes = parts.map(({ cause, rules, ...part }) => ({
    ...part,
    cause: cause && causeDocument(cause, sourceOf),
    rules: rules.map((rule) => ruleDocument(rule, sourceOf)),
  }));
  return { apiVersion, kind: "EntryExplanation", text, nodes };
}

/** `-o json` of a Node. */
export function nodeDocument({ omissions, ...node }: NodeExplanation, sourceOf: SourceOf): object {
  const omitted = omissions.map((omission) => omissionDocument(omission, sourceOf));
  return { apiVersion, kind: "NodeExplanation", ...node, notProgrammed: omitted };
}

/** `portolan explain CODE`: the long text of a diagnostic. */
export function explainCode(code: Code): string {
  const entry: CatalogEntry = catalog[code];
  const parts = [`${entry.severity}[${code}]: ${entry.message}`, wrap(entry.explanation)];
  if (entry.hint !== undefined) parts.push(wrap(`Hint: ${entry.hint}.`));
  return `${parts.join("\n\n")}\n`;
}

/** `portolan explain`: all codes with their severities. */
export function listCodes(): string {
  const codes = (Object.keys(catalog) as Code[]).sort();
  const widest = Math.max(...codes.map((code) => code.length));
  return `${codes.map((code) => `${code.padEnd(widest)}  ${catalog[code].severity}`).join("\n")}\n`;
}
