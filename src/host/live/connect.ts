import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { isRecord } from "../../model/fields.ts";
import type { Target } from "./choose-target.ts";
import { explainError } from "./explain-error.ts";
import { type Failed, failed } from "./failed.ts";
import { type Entry, recordOf } from "./kubeconfig.ts";
import { proxyOf } from "./proxy-of.ts";

/** An API server with the credentials to ask it. */
export interface Connection {
  readonly kind: "connection";
  readonly target: Target;
  /** For node:http and node:https. They hold secrets: nothing of them goes into a message. */
  readonly options: RequestOptions;
  /** Of one request, in milliseconds; undefined: for ever. */
  readonly patience: number | undefined;
}

/** How long a plugin may take to give credentials: somebody may have to log in. */
const pluginPatience = 120_000;

/** Gets the credentials, which may run an exec plugin. The client library does that, and is loaded only here. */
export async function connect(target: Target, patience: number | undefined): Promise<Connection | Failed> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const options: RequestOptions = { headers: { accept: "application/json", "user-agent": "portolan" } };
  const kubeConfig = new KubeConfig();
  let timer: NodeJS.Timeout | undefined;
  try {
    kubeConfig.loadFromString(JSON.stringify(onlyOf(target)));
    const timedOut = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error(), { code: "PLUGIN_TIMEOUT" })), pluginPatience);
    });
    await Promise.race([kubeConfig.applyToHTTPSOptions(options), timedOut]);
  } catch (error) {
    return failed(explainCredentials(error, target));
  } finally {
    clearTimeout(timer);
  }
  return { kind: "connection", target, options, patience };
}

/** A kubeconfig with nothing else in it: what is wrong with other entries is no concern of this run. */
function onlyOf({ cluster, user, server }: Target): object {
  // The library refuses plain HTTP unless told so; kubectl does not.
  const isPlain = server.startsWith("http:") ? { "insecure-skip-tls-verify": true } : {};
  const proxy = proxyOf(server, process.env);
  const isThrough = proxy === undefined ? {} : { "proxy-url": proxy };
  const { tokenFile, exec } = user;
  const more = {
    // Stands over a token that is written beside it.
    ...(typeof tokenFile === "string" ? { token: readFileSync(tokenFile, "utf8").trim() } : {}),
    ...(isRecord(exec) ? { exec: withInfo(exec, cluster, server) } : {}),
  };
  return {
    "current-context": "it",
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    clusters: [{ name: "it", cluster: { ...isThrough, ...cluster, server, ...isPlain } }],
    users: [{ name: "it", user: { ...user, ...more } }],
  };
}

/** Plugins are told by an environment variable which version of their API is wanted, and for which cluster. */
function withInfo(exec: Entry, cluster: Entry, server: string): Entry {
  const info = {
    kind: "ExecCredential",
    apiVersion: exec.apiVersion,
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true
        ? { cluster: { server, "certificate-authority-data": cluster["certificate-authority-data"] } }
        : {}),
    },
  };
  const env = Array.isArray(exec.env) ? exec.env : [];
  return { ...exec, env: [...env, { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) }] };
}

function explainCredentials(error: unknown, { user, userName }: Target): string {
  const exec = recordOf(user.exec);
  const { code, path } = error as NodeJS.ErrnoException;
  if (typeof exec.command !== "string") {
    const file = path === undefined ? "" : ` (${path})`;
    return `cannot get the credentials of user ${userName}${file}: ${explainError(error)}`;
  }
  const plugin = `the credential plugin ${exec.command} of user ${userName}`;
  if (code === "ENOENT") {
    const hint = typeof exec.installHint === "string" ? `: ${exec.installHint.trim()}` : "";
    return `${plugin} is not installed${hint}`;
  }
  if (code === "EACCES") return `${plugin} cannot be run: permission denied`;
  if (code === "PLUGIN_TIMEOUT") return `${plugin} gave no credentials within ${pluginPatience / 1000} s`;
  // What it printed may be a token, or half of one.
  if (error instanceof SyntaxError || error instanceof TypeError) return `${plugin} printed no ExecCredential`;
  const said = error instanceof Error ? lastLines(error.message) : "";
  return `${plugin} failed${said === "" ? "" : `: ${said}`}`;
}

/** What a plugin said in the end, without what looks like a token. */
function lastLines(text: string): string {
  const lines = text
    .trim()
    .split(/\s*\n\s*/)
    .slice(-3);
  return lines.join("; ").replace(/[\w.~+/=-]{40,}/g, "...");
}
