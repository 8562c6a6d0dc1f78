import { isRecord } from "../../model/fields/fields.ts";
import type { Target } from "./choose-target.ts";
import { createConceal, plainWords, secretsIn } from "./conceal.ts";
import { type Entry, type Failed, failed, recordOf, textOf } from "./kubeconfig.ts";

/** The fields of a kubeconfig user that the credentials of a plugin replace. */
export interface Credentials {
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
export async function runPlugin(
  exec: Entry,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<Credentials | Failed> {
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
