import type { Report } from "../diagnostics/diagnostic.ts";
import type { Script } from "../ir/step.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { ForwardingPlan, ServicePortPlan } from "../plan/forwarding/forwarding-plan.ts";
import type { ProgramTraits } from "../plan/forwarding/program-traits.ts";
import type { CreateLowerFragment, KernelWriter } from "./fragment.ts";
import type { LowerOptions } from "./origins.ts";

export type ProgramId = `kube-proxy/${ProxyMode}`;

/** What lowering a plan gives. */
export type Lowered = Script;

/** Who writes what, for which plan. */
export interface Program<Plan> {
  readonly id: ProgramId;
  readonly lower: (plan: Plan, options: LowerOptions, report: Report) => Lowered;
  /** Reports what lowering would, without making text; undefined where lowering has nothing to report. */
  readonly inspect: ((plan: Plan, report: Report) => void) | undefined;
  /** Whose an object of this name is; undefined for what this program does not make. */
  readonly ownerOf: (ref: ObjectRef) => Owner | undefined;
  /** What it is for; `service` is the service port it belongs to, where one is known. */
  readonly purposeOf: (ref: ObjectRef, service: string | undefined) => string | undefined;
}

/** A program that sends traffic for Services to endpoints: a mode of kube-proxy. */
export interface ForwardingProgram extends Program<ForwardingPlan> {
  readonly mode: ProxyMode;
  readonly traits: ProgramTraits;
  /** kube-proxy warns about the mode and will drop it. */
  readonly isDeprecated: boolean;
  /** What a service port gets on a host: `chains`. */
  readonly servicePortObjects: string;
  /** How many clients session affinity remembers for each endpoint; undefined: as many as come. */
  readonly affinityClients: number | undefined;
  /** The rules of table nat that the first packet of a connection may meet; undefined where their number is fixed. */
  readonly countRules: ((plan: ServicePortPlan) => RuleCounts) | undefined;
  /** Incremental compilation: one Service at a time. */
  readonly fragments: CreateLowerFragment;
  /** Undefined for a program that writes rules alone. */
  readonly kernel: KernelWriter | undefined;
}

export interface RuleCounts {
  /** In chains that all service ports share. */
  readonly shared: number;
  /** In the service port's own chains, on the way to the last endpoint. */
  readonly own: number;
}

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
