export interface ControlPlane {
  readonly server: string;
  readonly kubeconfig: (user: "admin" | "nobody" | "system:kube-proxy") => string;
  readonly call: (
    method: string,
    path: string,
    body?: object,
  ) => Promise<{ readonly status: number; readonly text: string }>;
  /** Ends the API server at once, as a crash does. */
  readonly kill: () => Promise<unknown>;
  /** Starts it again over the same etcd, and waits until it is ready. */
  readonly restart: () => Promise<void>;
  /** From here on the API server takes connections and says nothing. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** A new, empty etcd under the same address, whose revisions begin again. */
  readonly wipe: () => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

export declare function startControlPlane(
  folder: string,
  options?: { readonly controllers?: readonly string[] },
): Promise<ControlPlane>;
