import { didYouMean } from "../../model/fields/name-map.ts";
import { type Entry, type Failed, failed, type Kubeconfig, textOf } from "./kubeconfig.ts";

/** The context, cluster and user of a kubeconfig that the command line selects. */
export interface TargetChoice {
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  /** The user to impersonate. */
  readonly as: string | undefined;
}

/** The API server to connect to, and the credentials for it. */
export interface Target {
  readonly kind: "target";
  readonly context: string;
  readonly server: string;
  readonly userName: string;
  readonly cluster: Entry;
  readonly user: Entry;
}

/** Selects a context and its cluster and user, as kubectl does: each flag overrides the context. */
export function chooseTarget(kubeconfig: Kubeconfig, choice: TargetChoice): Target | Failed {
  const { contexts, clusters, users } = kubeconfig;
  const context = choice.context ?? kubeconfig.currentContext;
  if (context === "" && choice.cluster === undefined) {
    return failed(`${kubeconfig.name} has no current context; pass --context${listed(contexts)}`);
  }
  const entry = context === "" ? {} : contexts.get(context);
  if (entry === undefined) return unknown("context", context, contexts, kubeconfig);
  const clusterName = choice.cluster ?? textOf(entry.cluster);
  const cluster = clusters.get(clusterName);
  if (cluster === undefined) return unknown("cluster", clusterName, clusters, kubeconfig);
  const userName = choice.user ?? textOf(entry.user);
  const user = userName === "" ? {} : users.get(userName);
  if (user === undefined) return unknown("user", userName, users, kubeconfig);
  const server = textOf(cluster.server).replace(/\/+$/, "");
  if (!/^https?:\/\/[^/]/.test(server) || !URL.canParse(server)) {
    return failed(`the cluster ${clusterName} of ${kubeconfig.name} has no server URL`);
  }
  const who = choice.as === undefined ? user : { ...user, as: choice.as };
  return { kind: "target", context: context === "" ? clusterName : context, server, userName, cluster, user: who };
}

function unknown(
  what: string,
  name: string,
  known: ReadonlyMap<string, Entry>,
  kubeconfig: Pick<Kubeconfig, "name">,
): Failed {
  const near = didYouMean(name, known.keys());
  const hint = near === undefined ? listed(known) : `; did you mean ${near}?`;
  return failed(`there is no ${what} ${name === "" ? '""' : name} in ${kubeconfig.name}${hint}`);
}

const mostNames = 8;

function listed(known: ReadonlyMap<string, Entry>): string {
  const names = [...known.keys()].sort();
  if (names.length === 0) return "; it has none";
  const more = names.length > mostNames ? `, and ${names.length - mostNames} more` : "";
  return `; there is ${names.slice(0, mostNames).join(", ")}${more}`;
}
