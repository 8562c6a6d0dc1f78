import type { OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { cidrContains, parseCidr, parseIp } from "../../model/address.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { readInput } from "../files/read-bytes.ts";
import type { Target } from "./choose-target.ts";
import { type Conceal, createConceal, plainWords, secretsIn, secretsInUrl } from "./conceal.ts";
import { explainError } from "./explain-error.ts";
import { type Entry, type Failed, failed, recordOf, textOf } from "./kubeconfig.ts";

/** Timeouts in milliseconds; undefined: none. */
export interface Patience {
  /** Of one request, up to the last byte of its response. */
  readonly patience: number | undefined;
  /** Of all pages of a list; undefined: as for one request. */
  readonly listPatience?: number | undefined;
}

/** An API server with credentials. */
export interface Connection extends Patience {
  readonly kind: "connection";
  readonly target: Target;
  /** For node:http and node:https. They contain secrets: messages must not quote them. */
  readonly options: RequestOptions;
  /** When the credentials expire, in milliseconds since 1970; undefined: unknown. */
  readonly expiresAt?: number | undefined;
  /** Removes these credentials from a message. */
  readonly conceal: Conceal;
}

/**
 * Gets the credentials; this may run a plugin, which is stopped when the signal aborts. The client library turns them
 * into options, and is loaded only here.
 */
export async function connect(
  target: Target,
  { patience, listPatience }: Patience,
  signal?: AbortSignal,
): Promise<Connection | Failed> {
  const { exec, ...plain } = target.user;
  const credentials = isRecord(exec) ? await runPlugin(exec, target, signal) : undefined;
  if (credentials?.kind === "failed") return credentials;
  const { newKubeConfig } = await import("./kube-config.ts");
  const options: RequestOptions = { headers: { accept: "application/json", "user-agent": "portolan" } };
  const user = { ...plain, ...credentials?.fields };
  let conceal = concealIn(target, user);
  try {
    const token = tokenIn(user);
    conceal = concealIn(target, { ...user, ...token });
    const kubeConfig = newKubeConfig();
    kubeConfig.loadFromString(JSON.stringify(onlyOf(target, { ...user, ...token })));
    await kubeConfig.applyToHTTPSOptions(options);
    options.headers = { ...options.headers, ...impersonation(target.user) };
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    const file = path === undefined ? "" : ` (${path})`;
    return failed(`cannot use the credentials of user ${target.userName}${file}: ${conceal(explainError(error))}`);
  }
  return { kind: "connection", target, options, patience, listPatience, expiresAt: credentials?.expiresAt, conceal };
}

function concealIn({ cluster, server, user: configured }: Target, user: Entry): Conceal {
  const { username, password } = user;
  const urls = [server, cluster["proxy-url"], proxyOf(server, process.env)];
  const basic = password === undefined ? [] : [`${username}:${password}`];
  return createConceal([...secretsIn([configured, user]), ...basic, ...urls.flatMap(secretsInUrl)]);
}

/** A token file overrides a token in the kubeconfig. */
function tokenIn({ tokenFile }: Entry): { readonly token?: string } {
  return typeof tokenFile === "string" ? { token: readInput(tokenFile).toString("utf8").trim() } : {};
}

/** The headers for the groups, UID and extra fields of impersonation. The library only handles the user name. */
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

/** A kubeconfig with this cluster and user only: errors in other entries must not affect this run. */
function onlyOf({ cluster, server }: Target, user: Entry): object {
  // The library refuses plain HTTP without this option; kubectl does not.
  const isPlain = server.startsWith("http:") ? { "insecure-skip-tls-verify": true } : {};
  const proxy = proxyOf(server, process.env);
  const isThrough = proxy === undefined ? {} : { "proxy-url": proxy };
  return {
    "current-context": "it",
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    clusters: [{ name: "it", cluster: { ...isThrough, ...cluster, server, ...isPlain } }],
    users: [{ name: "it", user }],
  };
}

/**
 * The proxy for a server from the environment, as Go programs such as kubectl read it: HTTPS_PROXY or HTTP_PROXY by the
 * URL scheme, unless NO_PROXY matches the host; never for loopback addresses.
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

/** `*`, `example.com` with its subdomains, `.example.com`, an address, a network; a port may follow. */
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

/** The fields of a kubeconfig user that the credentials of a plugin replace. */
interface Credentials {
  readonly kind: "credentials";
  readonly fields: Entry;
  /** Milliseconds since 1970; undefined: unknown. */
  readonly expiresAt: number | undefined;
}

/** The user may have to log in. */
const patience = 120_000;

/**
 * Runs the credential plugin of a user (ExecCredential of client.authentication.k8s.io). The client library is not used
 * for this: it hides the plugin's messages, and has no timeout.
 */
async function runPlugin(exec: Entry, target: Target, signal: AbortSignal | undefined): Promise<Credentials | Failed> {
  const { execa } = await import("execa");
  const command = textOf(exec.command);
  const plugin = `the credential plugin ${command} of user ${target.userName}`;
  const args = Array.isArray(exec.args) ? exec.args.map(String) : [];
  const running = execa(command, args, {
    reject: false,
    env: environmentOf(exec, target),
    stdin: process.stdin.isTTY ? "inherit" : "ignore",
    stderr: process.stderr.isTTY ? ["inherit", "pipe"] : "pipe",
  });
  // Child processes of the plugin may keep its output open after it has exited.
  const leave = (): void => {
    running.kill();
    for (const stream of [running.stdout, running.stderr]) stream?.destroy();
  };
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    leave();
  }, patience);
  signal?.addEventListener("abort", leave);
  const result = await running;
  clearTimeout(timer);
  signal?.removeEventListener("abort", leave);
  if (result.code === "ENOENT") {
    const hint = textOf(exec.installHint).trim();
    return failed(`${plugin} is not installed${hint === "" ? "" : `: ${hint}`}`);
  }
  if (result.code === "EACCES") return failed(`${plugin} cannot be run: permission denied`);
  if (isLate) return failed(`${plugin} returned no credentials within ${patience / 1000} s`);
  if (result.failed) {
    const conceal = createConceal(secretsIn([exec, target.cluster]));
    const said = plainWords(conceal(lastLines(result.stderr ?? "")));
    return failed(`${plugin} failed${said === "" ? "" : `: ${said}`}`);
  }
  // The output may contain a token, or part of one: it is not shown.
  return credentialsIn(result.stdout ?? "") ?? failed(`${plugin} did not print an ExecCredential`);
}

/** An environment variable passes the API version and the cluster to the plugin. */
function environmentOf(exec: Entry, { cluster, server }: Target): Readonly<Record<string, string>> {
  const given = exec.provideClusterInfo === true ? { cluster: { ...cluster, server } } : {};
  const spec = { interactive: process.stdin.isTTY === true, ...given };
  const info = { kind: "ExecCredential", apiVersion: exec.apiVersion, spec };
  const more = (Array.isArray(exec.env) ? exec.env : [])
    .map(recordOf)
    .map(({ name, value }) => [textOf(name), textOf(value)]);
  return { ...Object.fromEntries(more), KUBERNETES_EXEC_INFO: JSON.stringify(info) };
}

function credentialsIn(text: string): Credentials | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const status = isRecord(value) && value.kind === "ExecCredential" ? recordOf(value.status) : {};
  const [token, certificate, key] = [status.token, status.clientCertificateData, status.clientKeyData].map(textOf);
  const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
  const fields = {
    ...(token ? { token } : {}),
    ...(certificate && key ? { "client-certificate-data": base64(certificate), "client-key-data": base64(key) } : {}),
  };
  if (Object.keys(fields).length === 0) return undefined;
  const expiresAt = Date.parse(textOf(status.expirationTimestamp));
  return { kind: "credentials", fields, expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt };
}

/** The last lines of a plugin's output. */
function lastLines(text: string): string {
  const lines = text
    .trim()
    .split(/\s*\n\s*/)
    .slice(-3);
  return lines.join("; ");
}
