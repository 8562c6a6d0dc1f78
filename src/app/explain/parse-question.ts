import { type Code, catalog, isCode } from "../../diagnostics/catalog.ts";
import { type AddressQuestion, parseAddressQuestion } from "../../explain/explain-address.ts";
import { readLine } from "../../explain/texts.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { isDnsLabel } from "../../model/fields/names.ts";
import { fixedNames, ownerOf, purposeOf } from "../../programs/registry.ts";
import { Failure } from "../effects.ts";

/** The kinds of query that `explain` takes. */
export type Question =
  | { readonly kind: "codes" }
  | { readonly kind: "code"; readonly code: Code }
  | { readonly kind: "object"; readonly type: ObjectType; readonly namespace: string; readonly name: string }
  | {
      readonly kind: "chain";
      readonly name: string;
      readonly table: string | undefined;
      /** What to write if a type was meant: `services` is both. */
      readonly otherwise?: string;
    }
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "file-line"; readonly file: string; readonly line: number }
  | ({ readonly kind: "address" } & AddressQuestion)
  /** The name of a Service, without its namespace, or of a chain that no mode of kube-proxy makes. */
  | { readonly kind: "name"; readonly name: string }
  /** What iptables-restore says about a line of its input. */
  | { readonly kind: "restore-error"; readonly message: string; readonly line: number };

export type ObjectQuestion = Extract<Question, { kind: "object" }>;

export type ObjectType = "Service" | "EndpointSlice" | "Endpoints" | "Node" | "Pod";

export interface Words {
  readonly what: string | undefined;
  readonly name: string | undefined;
  /** The value of -A: a rule without the leading `-A`. */
  readonly rule: string | undefined;
  readonly namespace: string;
  /** The name of any chain is accepted. */
  readonly hasDump: boolean;
  /** Names are looked up in it. */
  readonly hasState: boolean;
}

/** As kubectl takes them. */
const types: ReadonlyMap<string, ObjectType> = new Map([
  ["service", "Service"],
  ["services", "Service"],
  ["svc", "Service"],
  ["endpointslice", "EndpointSlice"],
  ["endpointslices", "EndpointSlice"],
  ["endpointslices.discovery.k8s.io", "EndpointSlice"],
  ["endpoints", "Endpoints"],
  ["ep", "Endpoints"],
  ["node", "Node"],
  ["nodes", "Node"],
  ["no", "Node"],
  ["pod", "Pod"],
  ["pods", "Pod"],
  ["po", "Pod"],
]);

/** Types of kubectl that `explain` does not take: what was written is no misspelling, and no namespace. */
const otherTypes: ReadonlySet<string> = new Set(
  (
    "ingress ingresses ing deployment deployments deploy statefulset statefulsets daemonset daemonsets replicaset " +
    "replicasets replicationcontroller job jobs cronjob cronjobs configmap configmaps cm secret secrets namespace " +
    "namespaces networkpolicy networkpolicies gateway gateways event events"
  ).split(" "),
);

/** `iptables-restore: line 7 failed`, `Error occurred at line: 7`, `line 7: RULE_APPEND failed`. */
const restoreError = /(?:^|\s)line:? (\d{1,9})(?: failed|: \w+ failed|\s*$|: )/;

/** Classifies a query by its form alone. Ends the command if that is ambiguous. */
export function parseQuestion({ what, name, rule, namespace, hasDump, hasState }: Words): Question {
  if (rule !== undefined) return { kind: "line", text: `-A ${[rule.trim(), what, name].filter(Boolean).join(" ")}` };
  if (what === undefined) return { kind: "codes" };
  const address = parseAddressQuestion(what);
  if (address !== undefined && name === undefined) return { kind: "address", ...address };
  const [, failed] = restoreError.exec(what) ?? [];
  if (failed !== undefined) return { kind: "restore-error", message: what.trim(), line: Number(failed) };
  if (name === undefined && readLine(what.trim()) !== undefined) return { kind: "line", text: what.trim() };
  const [, file, line] = /^((?:\S*\/)?[^/\s]+[.-][^/\s]+):(\d{1,9})$/.exec(what) ?? [];
  const isType = types.has(file?.split("/")[0]?.toLowerCase() ?? "");
  if (file !== undefined && !isType) return { kind: "file-line", file, line: Number(line) };
  if (name === undefined && (hasDump || hasState) && isObjectName(what) && types.has(what))
    return { kind: "chain", name: what, table: undefined, otherwise: formOf(types.get(what), what) };
  const object = parseObject(what, name, namespace);
  if (object !== undefined) return object;
  // `nat KUBE-SERVICES`, `kube-proxy services`: a table and a chain.
  const [table, chain, ...more] = [what, name ?? ""].join(" ").trim().split(/\s+/);
  if ((hasDump || hasState) && table !== undefined && chain !== undefined && more.length === 0)
    return { kind: "chain", name: chain, table };
  if (name !== undefined) throw unknownWord(what);
  if (isCode(what)) return { kind: "code", code: what };
  if ((hasDump || hasState) && isDnsLabel(what)) return { kind: "name", name: what };
  const isChain = /^[A-Z][A-Z0-9_-]*$/.test(what) || isObjectName(what) || (hasDump && /^[^\s/]+$/.test(what));
  if (isChain) return { kind: "chain", name: what, table: undefined };
  throw unknownWord(what);
}

/** Whether a program has a chain or set of this name: `service-ips`, `service-ABCDEFGH-shop/web/tcp/http`. */
export function isObjectName(name: string): boolean {
  return (["chain", "set"] as const).some((kind) => {
    const ref = { kind, table: undefined, name };
    return ownerOf(ref) !== undefined || purposeOf(ref, undefined) !== undefined;
  });
}

function parseObject(what: string, name: string | undefined, namespace: string): Question | undefined {
  const [word = "", ...rest] = what.split("/");
  const type = types.get(word.toLowerCase());
  const parts = [...rest, ...(name === undefined ? [] : name.split("/"))];
  if (type === undefined) return undefined;
  if (parts.length === 0 || parts.length > (type === "Node" ? 1 : 2) || parts.includes("")) {
    throw new Failure(`${what}: write it as ${formOf(type, word)}`, "usage");
  }
  const [first = "", second] = parts;
  if (type === "Node") return { kind: "object", type, namespace: "", name: first };
  return { kind: "object", type, namespace: second === undefined ? namespace : first, name: second ?? first };
}

function formOf(type: ObjectType | undefined, word: string): string {
  return type === "Node" ? "node/NAME" : `${word}/NAMESPACE/NAME, or ${word}/NAME with -n NAMESPACE`;
}

/** Why a word cannot be explained. */
export function unknownWord(what: string): Failure {
  const [head = "", ...rest] = what.split("/");
  if (rest.length > 0) {
    const known = "service, endpointslice, endpoints, pod and node";
    if (otherTypes.has(head.toLowerCase().split(".")[0] ?? ""))
      return new Failure(`explain does not take the type ${head}; supported types: ${known}`, "usage");
    const near = didYouMean(head, types.keys());
    const meant = near === undefined ? (rest.length === 1 ? `service/${what}` : undefined) : [near, ...rest].join("/");
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return new Failure(`unknown type ${head}${hint} (supported types: ${known})`, "usage");
  }
  const near = didYouMean(what, [...Object.keys(catalog), ...types.keys(), ...fixedNames, "packet"]);
  const hint = near === undefined ? "run portolan explain for the codes" : `did you mean ${near}?`;
  return new Failure(`there is no diagnostic, type, chain or set ${what}; ${hint}`, "usage");
}
