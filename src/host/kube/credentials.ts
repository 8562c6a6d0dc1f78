import { chooseTarget, type TargetChoice } from "./choose-target.ts";
import { type Connection, connect } from "./connect.ts";
import { type Failed, readKubeconfig, serviceAccountFolder } from "./kubeconfig.ts";

/** Where to connect, with credentials that are young enough. */
export interface Credentials {
  readonly current: () => Promise<Connection | Failed>;
  /** They were not accepted: the next ask reads them anew, unless somebody has done so already. */
  readonly drop: (refused: Connection) => void;
}

export interface CredentialsRequest extends TargetChoice {
  readonly kubeconfig: string | undefined;
  readonly patience: number | undefined;
  /** Milliseconds for which they are kept. A service account's token changes in its file about once an hour. */
  readonly freshFor: number;
  /** Ends every request. */
  readonly signal: AbortSignal;
}

interface Kept {
  readonly reading: Promise<Connection | Failed>;
  /** What came of it. */
  read: Connection | undefined;
  readonly at: number;
}

/** Reads kubeconfig, certificates and tokens from their files again and again, as they are renewed there. */
export function createCredentials(request: CredentialsRequest): Credentials {
  let kept: Kept | undefined;
  // Somebody may switch the current context of the file meanwhile; this stays with the one it began with.
  let context = request.context;
  const read = async (): Promise<Connection | Failed> => {
    const { kubeconfig: file } = request;
    const kubeconfig = readKubeconfig({ file, environment: process.env, serviceAccount: serviceAccountFolder });
    if (kubeconfig.kind === "failed") return kubeconfig;
    context ??= kubeconfig.currentContext === "" ? undefined : kubeconfig.currentContext;
    const target = chooseTarget(kubeconfig, { ...request, context });
    if (target.kind === "failed") return target;
    const connection = await connect(target, request.patience, request.signal);
    if (connection.kind === "failed") return connection;
    return { ...connection, options: { ...connection.options, signal: request.signal } };
  };
  return {
    current: async () => {
      if (kept === undefined || isStale(kept, request))
        kept = { reading: read(), at: performance.now(), read: undefined };
      const mine = kept;
      const connection = await mine.reading;
      if (connection.kind === "connection") mine.read = connection;
      else if (kept === mine) kept = undefined;
      return connection;
    },
    drop: (refused) => {
      if (kept?.read === refused) kept = undefined;
    },
  };
}

function isStale({ at, read }: Kept, { freshFor }: CredentialsRequest): boolean {
  return performance.now() - at > freshFor || (read?.expiresAt ?? Number.POSITIVE_INFINITY) <= Date.now();
}
