import { createHash } from "node:crypto";
import type { Step } from "../../ir/artifact.ts";
import type { Family } from "../../model/address.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import type { OwnedState } from "../../reconcile/owned-state.ts";
import { type SerializedState, serializeState } from "../../reconcile/serialize-state.ts";
import type { ServiceChange } from "../../reconcile/summarize-changes.ts";
import { readBytes } from "./read-bytes.ts";
import { reasonOf } from "./read-sources.ts";
import { writeWhole } from "./write-files.ts";

/** A saved plan: its steps, and a fingerprint of the host state for which it was made. */
export interface PlanDocument {
  readonly apiVersion: "portolan/v1alpha1";
  readonly kind: "Plan";
  readonly node: string;
  readonly mode: string;
  /** Of the rules and objects that we own on the host. On any other state the plan is stale. */
  readonly fingerprint: string;
  readonly changes: readonly ServiceChange[];
  readonly steps: readonly Step[];
  readonly undo: readonly Step[];
  readonly wanted: SerializedState;
  /** `ipvs.excludeCIDRs`: virtual servers on these addresses are not ours. */
  readonly excluded: readonly string[];
  /** The families chosen by --family; null: all families of the host. */
  readonly families: readonly Family[] | null;
}

/** SHA-256 of a host: its name, its addresses and the objects we own there; in hexadecimal. */
export function fingerprintOf({ name, addresses }: HostState, owned: OwnedState): string {
  // Link-local addresses appear and disappear with pods.
  const lasting = addresses.filter((address) => !address.startsWith("fe80:"));
  return hash(JSON.stringify([name, lasting.sort(), serializeState(owned)]));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The text of a plan, with a digest that detects edits. */
export function printPlan(plan: PlanDocument): string {
  return `${JSON.stringify({ ...plan, digest: digestOf(plan) }, null, 1)}\n`;
}

function digestOf(plan: PlanDocument): string {
  return hash(JSON.stringify(plan));
}

/** Throws the file system's error. */
export function writePlan(path: string, plan: PlanDocument): void {
  writeWhole(path, printPlan(plan));
}

/** The only tools that a plan may run: a plan file is untrusted input. */
const planTools = new Set("iptables-restore ip6tables-restore ipset ipvsadm ip sysctl nfacct conntrack".split(" "));

export type ReadPlan =
  | { readonly kind: "plan"; readonly plan: PlanDocument }
  | { readonly kind: "broken"; readonly message: string };

/** Reads a saved plan; a plan that was edited is refused. */
export function readPlan(path: string): ReadPlan {
  let value: unknown;
  try {
    value = JSON.parse(readBytes(path).toString("utf8"));
  } catch (error) {
    return { kind: "broken", message: error instanceof SyntaxError ? "not valid JSON" : reasonOf(error) };
  }
  if (typeof value !== "object" || value === null) return { kind: "broken", message: "not a JSON object" };
  const { digest, ...plan } = value as PlanDocument & { readonly digest?: unknown };
  if (plan.kind !== "Plan" || plan.apiVersion !== "portolan/v1alpha1") {
    return { kind: "broken", message: "not a Plan of portolan/v1alpha1 written by plan --out" };
  }
  if ("notShown" in plan)
    return { kind: "broken", message: "it contains only a part of a plan: create it without -n, -l and --service" };
  if (digest !== digestOf(plan)) {
    return { kind: "broken", message: "it was edited after plan --out wrote it: create a new plan instead" };
  }
  const stranger = plan.steps.find(({ argv }) => !planTools.has(argv[0] as string));
  if (stranger !== undefined)
    return { kind: "broken", message: `it would run ${stranger.argv[0]}, which plans never do` };
  return { kind: "plan", plan };
}
