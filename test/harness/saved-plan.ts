import { createHash } from "node:crypto";
import { applyState, cleanUpHost } from "../../src/app/apply.ts";
import type { ChangeControl, ChangeResult } from "../../src/app/change-host.ts";
import { Failure } from "../../src/app/effects.ts";
import { planHost, type VerifyResult, verifyState } from "../../src/app/plan.ts";
import type { Planned } from "../../src/app/planned.ts";
import { type PlanDocument, planDocument, printPlan } from "../../src/app/saved-plan.ts";
import { failureExitCodes } from "../../src/cli/exit-codes.ts";
import type { Step } from "../../src/ir/artifact.ts";
import { type Answer, effectsOn } from "./host-effects.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** What `plan --out` writes on a host. */
export async function savePlan(host: SimulatedHost, objects: readonly object[], answer?: Answer): Promise<string> {
  const { effects } = effectsOn(host, { "state.json": linesOf(objects) }, answer);
  const result = await planHost({ filename: ["state.json"], node: "node1" }, effects);
  return printPlan(planDocument(result.planned, result.compiled, effects), effects);
}

export interface AppliedFile {
  /** As a process would exit. */
  readonly code: number;
  /** What is printed to stderr. */
  readonly said: string;
  /** The steps of the preview. */
  readonly shown: readonly Step[] | undefined;
  readonly ran: readonly Step[];
}

export interface FileToApply {
  readonly plan?: string;
  readonly restore?: string;
  readonly objects?: readonly object[];
  readonly dryRun?: "host";
  readonly answer?: Answer;
}

/** `apply` on a host; without anything to apply, `cleanup`. What no command expects is thrown: a process would exit with 70. */
export async function applyFile(host: SimulatedHost, file: FileToApply): Promise<AppliedFile> {
  const { plan, restore, objects, dryRun, answer } = file;
  const files = { "node1.plan": plan ?? "", "backup.txt": restore ?? "", "state.json": linesOf(objects ?? []) };
  const { effects, ran, notices } = effectsOn(host, files, answer);
  let shown: Planned | undefined;
  const control: ChangeControl = {
    onPlanned: (planned) => {
      shown = planned;
    },
    onBackup: () => {},
    catchInterrupts: () => ({
      reason: () => undefined,
      signal: new AbortController().signal,
      end: () => {},
    }),
    confirm: async () => true,
  };
  const request = {
    backupDir: ".",
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(plan === undefined ? {} : { plan: "node1.plan" }),
    ...(restore === undefined ? {} : { restore: "backup.txt" }),
    ...(objects === undefined ? {} : { filename: ["state.json"], node: "node1" }),
  };
  const end = (code: number, said: string): AppliedFile => ({ code, said, shown: shown?.plan.steps, ran });
  try {
    const isCleanup = plan === undefined && restore === undefined && objects === undefined;
    const result = isCleanup
      ? await cleanUpHost({ backupDir: "." }, control, effects)
      : await applyState(request, control, effects);
    return end(codeOf(result), notices() + saidBy(result));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const name = error.code === undefined ? "error" : `error[${error.code}]`;
    return end(failureExitCodes[error.kind], `${notices()}${name}: ${error.message}\n`);
  }
}

/** `verify` on a host: its findings, or how it fails. */
export async function verifyOn(
  host: SimulatedHost,
  objects: readonly object[],
  answer?: Answer,
): Promise<Pick<VerifyResult, "findings"> | Failure> {
  const { effects } = effectsOn(host, { "state.json": linesOf(objects) }, answer);
  try {
    return await verifyState({ filename: ["state.json"], node: "node1" }, effects);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function codeOf({ kind }: ChangeResult): number {
  return { unchanged: 0, applied: 0, "rolled-back": 5, broken: 6 }[kind];
}

function saidBy(result: ChangeResult): string {
  return "failure" in result ? `${result.failure.message}; ${result.rollbackFailure ?? "rolled back"}\n` : "";
}

function linesOf(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
}

/** A plan with edits and, as whoever can write the file can compute it, a digest that fits. */
export function forged(text: string, edit: (plan: Editable) => void): string {
  const { digest: _, ...plan } = JSON.parse(text);
  edit(plan);
  const digest = createHash("sha256").update(JSON.stringify(plan)).digest("hex");
  return `${JSON.stringify({ ...plan, digest }, null, 1)}\n`;
}

/** A document that is edited: of any shape. */
// biome-ignore lint/suspicious/noExplicitAny: an edited plan may have any shape
export type Editable = { -readonly [Field in keyof PlanDocument]: any } & Record<string, any>;
