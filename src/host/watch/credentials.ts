import { chooseTarget, type TargetChoice } from "../live/choose-target.ts";
import { type Connection, connect } from "../live/connect.ts";
import type { Failed } from "../live/failed.ts";
import { readKubeconfig, serviceAccountFolder } from "../live/kubeconfig.ts";

/** Where to connect, with credentials that are young enough. */
export interface Credentials {
  readonly current: () => Promise<Connection | Failed>;
  /** They were not accepted: the next ask reads them anew. */
  readonly drop: () => void;
}

export interface CredentialsRequest extends TargetChoice {
  readonly kubeconfig: string | undefined;
  readonly patience: number | undefined;
  /** Milliseconds for which they are kept. A service account's token changes in its file about once an hour. */
  readonly freshFor: number;
  /** Ends every request. */
  readonly signal: AbortSignal;
}

/** Reads kubeconfig, certificates and tokens from their files again and again, as they are renewed there. */
export function createCredentials(request: CredentialsRequest): Credentials {
  let kept: { readonly connection: Promise<Connection | Failed>; readonly at: number } | undefined;
  // Somebody may switch the current context of the file meanwhile; this stays with the one it began with.
  let context = request.context;
  const read = async (): Promise<Connection | Failed> => {
    const { kubeconfig: file } = request;
    const kubeconfig = readKubeconfig({ file, environment: process.env, serviceAccount: serviceAccountFolder });
    if (kubeconfig.kind === "failed") return kubeconfig;
    context ??= kubeconfig.currentContext === "" ? undefined : kubeconfig.currentContext;
    const target = chooseTarget(kubeconfig, { ...request, context });
    if (target.kind === "failed") return target;
    const connection = await connect(target, request.patience);
    if (connection.kind === "failed") return connection;
    return { ...connection, options: { ...connection.options, signal: request.signal } };
  };
  return {
    current: async () => {
      const now = performance.now();
      if (kept === undefined || now - kept.at > request.freshFor) kept = { connection: read(), at: now };
      const connection = await kept.connection;
      if (connection.kind === "failed") kept = undefined;
      return connection;
    },
    drop: () => {
      kept = undefined;
    },
  };
}
