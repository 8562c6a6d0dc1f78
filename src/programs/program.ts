import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";

export type ProgramId = `kube-proxy/${ProxyMode}`;

/** Something on a host that has a name, and may be a program's. */
export type ObjectRef =
  | { readonly kind: "chain"; readonly table: string; readonly name: string }
  | { readonly kind: "set" | "counter" | "device" | "sysctl"; readonly name: string };

export interface Owner {
  readonly component: "kube-proxy" | "kubelet";
  /** The programs that make an object of this name; none for what only the kubelet makes. */
  readonly programs: readonly ProgramId[];
  /** The kind of chain that belongs to one service port alone, such as `SVC`. */
  readonly servicePort: string | undefined;
}
