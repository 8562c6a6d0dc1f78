export interface ControlPlane {
  readonly server: string;
  readonly kubeconfig: (user: "admin" | "nobody") => string;
  readonly call: (
    method: string,
    path: string,
    body?: object,
  ) => Promise<{ readonly status: number; readonly text: string }>;
  readonly stop: () => void;
}

export declare function startControlPlane(folder: string): Promise<ControlPlane>;
