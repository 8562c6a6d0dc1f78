import { readFileSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { cidrContains, parseCidr, parseIp } from "../../model/address.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { Target } from "./choose-target.ts";
import { explainError } from "./explain-error.ts";
import { type Entry, type Failed, failed, recordOf, textOf } from "./kubeconfig.ts";
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

/**
 * The proxy that the environment names for a server, as Go's programs and so kubectl read it: HTTPS_PROXY or
 * HTTP_PROXY by the server's scheme, unless NO_PROXY names its host; loopback addresses never.
 */
export function proxyOf(server: string, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const either = (name: string): string => environment[name] || environment[name.toLowerCase()] || "";
  const proxy = either(protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === "" || host === "localhost" || host === "::1" || host.startsWith("127.")) return undefined;
  const exceptions = either("NO_PROXY")
    .split(",")
    .map((entry) => entry.trim().toLowerCase());
  if (exceptions.some((entry) => entry !== "" && isExcepted(entry, host, port || "443"))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** `*`, `example.com` with all below it, `.example.com`, an address, a network; a port may stand behind. */
function isExcepted(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const ip = parseIp(host);
  const network = parseCidr(entry);
  if (network !== undefined) return ip !== undefined && cidrContains(network, ip);
  const [, name = entry, onPort] = /^(.*[^:]):(\d+)$/.exec(entry) ?? [];
  if (onPort !== undefined && parseIp(entry) === undefined && onPort !== port) return false;
  const bare = (parseIp(entry) === undefined ? name : entry).replace(/^\*?\./, "");
  return host === bare || (ip === undefined && host.endsWith(`.${bare}`));
}
