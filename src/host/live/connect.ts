import { readFileSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { isRecord } from "../../model/fields/fields.ts";
import type { Target } from "./choose-target.ts";
import { explainError } from "./explain-error.ts";
import { type Failed, failed } from "./failed.ts";
import { type Entry, recordOf, textOf } from "./kubeconfig.ts";
import { proxyOf } from "./proxy-of.ts";
import { runPlugin } from "./run-plugin.ts";

/** An API server with the credentials to ask it. */
export interface Connection {
  readonly kind: "connection";
  readonly target: Target;
  /** For node:http and node:https. They hold secrets: nothing of them goes into a message. */
  readonly options: RequestOptions;
  /** Of one request, in milliseconds; undefined: for ever. */
  readonly patience: number | undefined;
  /** When the credentials expire, in milliseconds since 1970; undefined: nobody says. */
  readonly expiresAt?: number | undefined;
}

/**
 * Gets the credentials, which may run a plugin until the signal ends it. The client library turns them into options, and
 * is loaded only here.
 */
export async function connect(
  target: Target,
  patience: number | undefined,
  signal?: AbortSignal,
): Promise<Connection | Failed> {
  const { exec, ...plain } = target.user;
  const credentials = isRecord(exec) ? await runPlugin(exec, target, signal) : undefined;
  if (credentials?.kind === "failed") return credentials;
  const { KubeConfig } = await import("@kubernetes/client-node");
  const options: RequestOptions = { headers: { accept: "application/json", "user-agent": "portolan" } };
  try {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromString(JSON.stringify(onlyOf(target, { ...plain, ...credentials?.fields })));
    await kubeConfig.applyToHTTPSOptions(options);
    options.headers = { ...options.headers, ...impersonation(target.user) };
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    const file = path === undefined ? "" : ` (${path})`;
    return failed(`cannot use the credentials of user ${target.userName}${file}: ${explainError(error)}`);
  }
  return { kind: "connection", target, options, patience, expiresAt: credentials?.expiresAt };
}

/** What goes with the name of somebody to act as, which is all that the library knows of. */
function impersonation(user: Entry): OutgoingHttpHeaders {
  if (textOf(user.as) === "") return {};
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
  const extra = Object.entries(recordOf(user["as-user-extra"])).map(
    ([key, values]) => [`Impersonate-Extra-${encodeURIComponent(key)}`, texts(values)] as const,
  );
  const uid = textOf(user["as-uid"]);
  const all = [["Impersonate-Group", texts(user["as-groups"])] as const, ...extra];
  return {
    ...Object.fromEntries(all.filter(([, values]) => values.length > 0)),
    ...(uid === "" ? {} : { "Impersonate-Uid": uid }),
  };
}

/** A kubeconfig with nothing else in it: what is wrong with other entries is no concern of this run. */
function onlyOf({ cluster, server }: Target, user: Entry): object {
  // The library refuses plain HTTP unless told so; kubectl does not.
  const isPlain = server.startsWith("http:") ? { "insecure-skip-tls-verify": true } : {};
  const proxy = proxyOf(server, process.env);
  const isThrough = proxy === undefined ? {} : { "proxy-url": proxy };
  const { tokenFile } = user;
  // Stands over a token that is written beside it.
  const token = typeof tokenFile === "string" ? { token: readFileSync(tokenFile, "utf8").trim() } : {};
  return {
    "current-context": "it",
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    clusters: [{ name: "it", cluster: { ...isThrough, ...cluster, server, ...isPlain } }],
    users: [{ name: "it", user: { ...user, ...token } }],
  };
}
