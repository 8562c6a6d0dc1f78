import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { CompilerOptions } from "../../incremental/advance.ts";
import { createPlanningCompiler, type PlanningCompiler, type Update } from "../../incremental/create-compiler.ts";
import type { ObjectChanges } from "../../incremental/read-changes.ts";
import type { Step } from "../../ir/artifact.ts";
import type { UdpService } from "../../languages/conntrack.ts";
import { readDocuments } from "../../model/documents/read-documents.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { ownedInScript, udpServices } from "../../reconcile/desired-state.ts";
import type { Desired } from "../desired.ts";

/** The desired rules of one node, kept current while the cluster changes. */
export interface DesiredRules {
  readonly update: (changes: ObjectChanges) => DesiredUpdate;
  /** Undefined while the desired state of the node cannot be determined. */
  readonly desired: () => Desired | undefined;
}

export interface DesiredUpdate {
  /** The steps from the state before to the state now; undefined if the host must be read to plan them. */
  readonly steps: readonly Step[] | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The UDP service ports that the changes concern. */
  readonly udpServices: () => readonly UdpService[];
  /** What is wrong with the configuration in the cluster; the previous one stays in use. */
  readonly problem: string | undefined;
}

export interface DesiredOptions extends CompilerOptions {
  readonly node: string;
}

/** Updates the rules from changes in the cluster; an object with errors keeps its last valid state. */
export function createDesiredRules(options: DesiredOptions): DesiredRules {
  const compiler = createPlanningCompiler(options);
  let problem: string | undefined;
  let hasScript = false;
  let stands = false;
  let desired: Desired | undefined;
  return {
    update: ({ upsert = [], remove = [] }) => {
      if (remove.some(({ kind }) => kind === "KubeProxyConfiguration")) problem = undefined;
      const opened = upsert.map(openConfigMap);
      for (const one of opened) if (one.kind !== "object") problem = one.kind === "problem" ? one.message : undefined;
      const values = opened.flatMap((one) => (one.kind === "problem" ? [] : [one.value]));
      const { steps, diagnostics, scope, udpServices: concerned } = compiler.update({ upsert: values, remove });
      const hadRules = stands;
      hasScript ||= scope !== "none";
      // Another configuration would change the rules of every Service: while it is invalid, the last rules stay in use.
      stands ||= hasScript && problem === undefined;
      desired = undefined;
      return { steps: hadRules ? changeSteps(steps) : undefined, diagnostics, problem, udpServices: concerned };
    },
    desired: () => {
      if (stands) desired ??= desiredOf(compiler, options);
      return desired;
    },
  };
}

function desiredOf(compiler: PlanningCompiler, { node, families }: DesiredOptions): Desired | undefined {
  const script = compiler.script();
  const plan = compiler.plan();
  const mode = compiler.mode();
  if (script === undefined || plan === undefined || mode === undefined) return undefined;
  const wanted = ownedInScript(script);
  return {
    node,
    mode,
    wanted,
    udpServices: udpServices(plan),
    excluded: plan.ipvs.excludeCidrs,
    families,
    ofLine: () => undefined,
  };
}

/** After the first script all steps are changes: their input is a string, not bytes. */
function changeSteps(steps: Update["steps"]): readonly Step[] {
  return steps.flatMap((step) => (typeof step.stdin === "string" ? [{ ...step, stdin: step.stdin }] : []));
}

type Opened =
  | { readonly kind: "object" | "configuration"; readonly value: unknown }
  | { readonly kind: "problem"; readonly message: string };

const configKey = "config.conf";

/** The ConfigMap of kube-proxy carries its configuration as text. */
function openConfigMap(value: unknown): Opened {
  if (!isRecord(value) || value.kind !== "ConfigMap") return { kind: "object", value };
  const text = isRecord(value.data) ? value.data[configKey] : undefined;
  if (typeof text !== "string") return { kind: "problem", message: `the ConfigMap kube-proxy has no ${configKey}` };
  const { documents, problems } = readDocuments({ name: configKey, text });
  const [problem] = problems;
  if (problem !== undefined) return { kind: "problem", message: `${configKey} is not YAML: ${problem.message}` };
  const configuration = documents.find((one) => isRecord(one.value) && one.value.kind === "KubeProxyConfiguration");
  if (configuration === undefined) return { kind: "problem", message: `${configKey} is not a KubeProxyConfiguration` };
  return { kind: "configuration", value: configuration.value };
}
