import { delimiter, dirname, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { createAliasBudget, findTreeProblem } from "../../model/documents/text-limits.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { readInput } from "../files/read-bytes.ts";
import { reasonOf } from "../files/read-sources.ts";

/** Why the cluster cannot be read, as a message for the user. */
export interface Failed {
  readonly kind: "failed";
  readonly message: string;
  /** Seconds that the API server asks to wait before trying again. */
  readonly retryAfter?: number | undefined;
  /** The HTTP status of a refused request. */
  readonly status?: number;
  /** No connection: client and server do not trust each other, or do not both use TLS. */
  readonly isTls?: boolean;
  /** The server was not reached, or says that it cannot answer anybody at the moment. */
  readonly isOutage?: boolean;
}

export function failed(message: string): Failed {
  return { kind: "failed", message };
}

/** A mapping of a kubeconfig, unparsed. */
export type Entry = Readonly<Record<string, unknown>>;

/** The merged kubeconfig files; relative paths are resolved against the file that contains them. */
export interface Kubeconfig {
  readonly kind: "kubeconfig";
  /** Its name in messages. */
  readonly name: string;
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
}

/** Where a service account's credentials are mounted into a pod. */
export const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface KubeconfigSources {
  /** --kubeconfig. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly serviceAccount: string;
}

/** Finds the kubeconfig as kubectl does: the flag, KUBECONFIG, ~/.kube/config, else a pod's own service account. */
export function readKubeconfig({ file, environment, serviceAccount }: KubeconfigSources): Kubeconfig | Failed {
  if (file !== undefined) return merge([file], true);
  const listed = (environment.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  if (listed.length > 0) {
    const merged = merge(listed, false);
    if (merged !== undefined) return merged;
  }
  const home = join(environment.HOME ?? "/", ".kube", "config");
  const own = listed.length > 0 ? undefined : merge([home], false);
  const found = own ?? inCluster(environment, serviceAccount);
  if (found !== undefined) return found;
  const looked = listed.length > 0 ? `KUBECONFIG names ${listed.join(", ")}: not found` : `${home} does not exist`;
  return failed(`no kubeconfig: ${looked}, and this is not a pod; pass --kubeconfig FILE`);
}

/** As in kubectl, the first file with an entry or current context wins. Undefined: none of the files exists. */
function merge(paths: readonly string[], isRequired: true): Kubeconfig | Failed;
function merge(paths: readonly string[], isRequired: boolean): Kubeconfig | Failed | undefined;
function merge(paths: readonly string[], isRequired: boolean): Kubeconfig | Failed | undefined {
  const lists = { contexts: new Map<string, Entry>(), clusters: new Map<string, Entry>(), users: new Map() };
  let currentContext = "";
  let isAny = false;
  for (const path of paths) {
    const root = readFile(path, isRequired);
    if (root === undefined) continue;
    if (root.kind === "failed") return root;
    isAny = true;
    if (currentContext === "") currentContext = textOf(root.value["current-context"]);
    const folder = dirname(resolve(path));
    addNamed(lists.contexts, root.value.contexts, (item) => recordOf(item.context));
    addNamed(lists.clusters, root.value.clusters, (item) => withPaths(recordOf(item.cluster), clusterPaths, folder));
    addNamed(lists.users, root.value.users, (item) => withCommand(recordOf(item.user), folder));
  }
  return isAny ? { kind: "kubeconfig", name: paths.join(", "), currentContext, ...lists } : undefined;
}

function readFile(path: string, isRequired: boolean): { kind: "read"; value: Entry } | Failed | undefined {
  let text: string;
  try {
    text = readInput(path).toString("utf8");
  } catch (error) {
    if (!isRequired && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return failed(`cannot read the kubeconfig ${path}: ${reasonOf(error)}`);
  }
  // Messages of the reader quote the text, which may contain a token.
  const invalid = (what: string, offset: number) =>
    failed(`${path} is not a kubeconfig: ${what} at line ${lineOf(text, offset)}`);
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) return invalid("invalid YAML", problem.pos[0]);
  const graph = findTreeProblem(document.contents, createAliasBudget());
  if (graph !== undefined) return invalid("an alias without an anchor, a cycle of aliases, or too many", graph.offset);
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  if (value === null) return { kind: "read", value: {} };
  return isRecord(value) ? { kind: "read", value } : failed(`${path} is not a kubeconfig: it is not a mapping`);
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function addNamed(into: Map<string, Entry>, list: unknown, entryOf: (item: Entry) => Entry): void {
  if (!Array.isArray(list)) return;
  for (const item of list) {
    if (!isRecord(item) || typeof item.name !== "string" || into.has(item.name)) continue;
    into.set(item.name, entryOf(item));
  }
}

const clusterPaths = ["certificate-authority"];
const userPaths = ["client-certificate", "client-key", "tokenFile"];

function withPaths(entry: Entry, keys: readonly string[], folder: string): Entry {
  const paths = keys.flatMap((key) => {
    const path = entry[key];
    return typeof path === "string" && path !== "" ? [[key, resolve(folder, path)] as const] : [];
  });
  return { ...entry, ...Object.fromEntries(paths) };
}

/** A plugin command with a slash is a path relative to the file; one without is looked up in PATH. */
function withCommand(user: Entry, folder: string): Entry {
  const entry = withPaths(user, userPaths, folder);
  const exec = entry.exec;
  if (!isRecord(exec) || typeof exec.command !== "string" || !exec.command.includes("/")) return entry;
  return { ...entry, exec: { ...exec, command: resolve(folder, exec.command) } };
}

/** The account of the pod this runs in. */
function inCluster(environment: KubeconfigSources["environment"], folder: string): Kubeconfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = environment;
  if (host === "" || port === "") return undefined;
  const name = "in-cluster";
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    kind: "kubeconfig",
    name: `the service account in ${folder}`,
    currentContext: name,
    contexts: new Map([[name, { cluster: name, user: name }]]),
    clusters: new Map([[name, { server, "certificate-authority": `${folder}/ca.crt` }]]),
    users: new Map([[name, { tokenFile: `${folder}/token` }]]),
  };
}

export function recordOf(value: unknown): Entry {
  return isRecord(value) ? value : {};
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
