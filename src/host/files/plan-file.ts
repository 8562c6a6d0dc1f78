import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Step } from "../../ir/artifact.ts";
import type { Family } from "../../model/address.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import type { OwnedState } from "../../reconcile/owned-state.ts";
import { type SerializedState, serializeState } from "../../reconcile/serialize-state.ts";
import type { ServiceChange } from "../../reconcile/summarize-changes.ts";
import { reasonOf } from "./read-sources.ts";
import { writeWhole } from "./write-files.ts";

/** A saved plan: exactly what runs, and the state of the host for which it was made. */
export interface PlanDocument {
  readonly apiVersion: "portolan/v1alpha1";
  readonly kind: "Plan";
  readonly node: string;
  readonly mode: string;
  /** Of what was ours on the host; a host that has another is another than the plan is for. */
  readonly fingerprint: string;
  readonly changes: readonly ServiceChange[];
  readonly steps: readonly Step[];
  readonly undo: readonly Step[];
  readonly wanted: SerializedState;
  /** `ipvs.excludeCIDRs`, which say what is not ours. */
  readonly excluded: readonly string[];
  /** Those that --family chose; null: whatever there is. */
  readonly families: readonly Family[] | null;
}

/** SHA-256 of a host: its name, its addresses and what is ours on it; in hexadecimal. */
export function fingerprintOf({ name, addresses }: HostState, owned: OwnedState): string {
  // Link-local addresses come and go with every pod.
  const lasting = addresses.filter((address) => !address.startsWith("fe80:"));
  return hash(JSON.stringify([name, lasting.sort(), serializeState(owned)]));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The text of a plan, with a digest that shows whether somebody edited it. */
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

/** All that a plan ever runs: a file may hold anything. */
const planTools = new Set("iptables-restore ip6tables-restore ipset ipvsadm ip sysctl nfacct conntrack".split(" "));

export type ReadPlan =
  | { readonly kind: "plan"; readonly plan: PlanDocument }
  | { readonly kind: "broken"; readonly message: string };

/** Reads a saved plan; one that is not as it was written is refused. */
export function readPlan(path: string): ReadPlan {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
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
