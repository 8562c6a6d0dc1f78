import { chooseTarget, type TargetChoice } from "./choose-target.ts";
import { type Conceal, createConceal } from "./conceal.ts";
import { type Connection, connect, type Patience } from "./connect.ts";
import { type Failed, readKubeconfig, serviceAccountFolder } from "./kubeconfig.ts";

/** A connection with credentials that are read again when they are too old. */
export interface Credentials {
  readonly current: () => Promise<Connection | Failed>;
  /** The server refused them: the next call of `current` reads them again, unless that has happened already. */
  readonly drop: (refused: Connection) => void;
  /** Removes the credentials that were read last, and those before, from a message. */
  readonly conceal: Conceal;
}

export interface CredentialsRequest extends TargetChoice, Patience {
  readonly kubeconfig: string | undefined;
  /** The maximum age in milliseconds. The token file of a service account changes about once an hour. */
  readonly freshFor: number;
  /** Aborts every request. */
  readonly signal: AbortSignal;
}

interface Kept {
  readonly reading: Promise<Connection | Failed>;
  /** The result, once it is read. */
  read: Connection | undefined;
  readonly at: number;
}

/** Reads kubeconfig, certificates and tokens from their files repeatedly, since they are renewed there. */
export function createCredentials(request: CredentialsRequest): Credentials {
  let kept: Kept | undefined;
  // The current context of the file may change; the first one that was read stays in use.
  let context = request.context;
  const concealing: Conceal[] = [createConceal([])];
  const read = async (): Promise<Connection | Failed> => {
    const { kubeconfig: file } = request;
    const kubeconfig = readKubeconfig({ file, environment: process.env, serviceAccount: serviceAccountFolder });
    if (kubeconfig.kind === "failed") return kubeconfig;
    context ??= kubeconfig.currentContext === "" ? undefined : kubeconfig.currentContext;
    const target = chooseTarget(kubeconfig, { ...request, context });
    if (target.kind === "failed") return target;
    const connection = await connect(target, request, request.signal);
    if (connection.kind === "failed") return connection;
    concealing.splice(0, concealing.length - 1);
    concealing.push(connection.conceal);
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
    conceal: (text) => concealing.reduce((shown, conceal) => conceal(shown), text),
  };
}

function isStale({ at, read }: Kept, { freshFor }: CredentialsRequest): boolean {
  return performance.now() - at > freshFor || (read?.expiresAt ?? Number.POSITIVE_INFINITY) <= Date.now();
}
