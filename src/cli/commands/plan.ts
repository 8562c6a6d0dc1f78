import { Command, Option } from "commander";
import type { PlanRequest, PlanResult } from "../../app/plan.ts";
import type { Planned } from "../../app/planned.ts";
import { escapeControls, printableJson } from "../../diagnostics/printable.ts";
import type { PlanDocument } from "../../host/files/plan-file.ts";
import { quoteWord } from "../../languages/shell.ts";
import { exitCodes } from "../exit-codes.ts";
import { actualOption, allowSimulatedOption, notEmpty } from "../flags.ts";
import { addNarrowOptions, narrowFlags } from "../narrow-flags.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag } from "../terminal/terminal.ts";
import { writeOutputs } from "../write-outputs.ts";

interface PlanFlags extends PlanRequest, ColorFlag {
  readonly rules?: boolean;
  readonly out?: string;
  readonly output?: "text" | "json";
}

/** `portolan plan`, with its flags and help. */
export function planCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("plan")
    .summary("show what apply would change on a host")
    .description(
      "Compares the desired rules of a node with the rules of a host, and prints what would be added, changed and " +
        "removed, by Service. Changes nothing.",
    );
  return addNarrowOptions(addStateOptions(command))
    .addOption(allowSimulatedOption())
    .addOption(actualOption())
    .option("--rules", "show every rule that changes")
    .addOption(
      new Option("--out <file>", "save the plan; apply FILE then runs exactly this, or refuses")
        .argParser(notEmpty)
        .conflicts(narrowFlags),
    )
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]))
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # what would change on this host
  $ ${name} plan -f cluster.yaml --node node1

  # the same for another host, from what collect wrote there, rule by rule
  $ ${name} plan -f cluster.yaml --node node1 --actual node1.txt --rules

  # only the Services of one namespace
  $ ${name} plan -f cluster.yaml --node node1 --actual node1.txt -n shop

Exit codes: 0 no changes, 1 changes, 2 usage, 3 input invalid,
4 environment.
`,
    )
    .action(async (flags: PlanFlags) => {
      finish(await runPlan(flags));
    });
}

async function runPlan(flags: PlanFlags): Promise<number> {
  const [{ planHost }, { openTerminal }, { renderPlan }] = await Promise.all([
    import("../../app/plan.ts"),
    import("../terminal/terminal.ts"),
    import("../../report/plan.ts"),
  ]);
  const { effects, print, warn, paint } = openTerminal(flags);
  const result = await planHost(flags, effects);
  const { planned, changes, notShown, isToDo } = result;
  const { out } = flags;
  if (out !== undefined) await savePlan(out, result);
  if (flags.output === "json") print(await printDocument(result));
  else print(renderPlan(planned, changes, { all: flags.rules ?? false, paint, notShown }));
  if (out !== undefined) {
    const apply = ["portolan", "apply", out].map(quoteWord).join(" ");
    warn(`\nsaved: ${escapeControls(out)}; to run exactly this: ${escapeControls(apply)}\n`);
  }
  return isToDo ? exitCodes.different : exitCodes.fine;
}

/** A narrowed plan is printed without steps, and apply refuses it. */
async function printDocument({ planned, changes, notShown }: PlanResult): Promise<string> {
  if (notShown === undefined) {
    const { printPlan } = await import("../../host/files/plan-file.ts");
    return printPlan(await planDocument(planned, changes));
  }
  const { notShownDocument } = await import("../../report/words.ts");
  const { node, mode } = planned.desired;
  const kind = { apiVersion: "portolan/v1alpha1", kind: "Plan", node, mode };
  return `${printableJson({ ...kind, notShown: notShownDocument(notShown, "changes"), changes }, 1)}\n`;
}

async function planDocument(
  { desired, host, found, plan }: Planned,
  changes: PlanResult["changes"],
): Promise<PlanDocument> {
  const [{ fingerprintOf }, { serializeState }] = await Promise.all([
    import("../../host/files/plan-file.ts"),
    import("../../reconcile/serialize-state.ts"),
  ]);
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Plan",
    node: desired.node,
    mode: desired.mode,
    fingerprint: fingerprintOf(host, found),
    changes,
    steps: plan.steps,
    undo: plan.undo(),
    wanted: serializeState(desired.wanted),
    excluded: desired.excluded.map(({ text }) => text),
    families: desired.families ?? null,
  };
}

async function savePlan(path: string, { planned, changes }: PlanResult): Promise<void> {
  const { printPlan } = await import("../../host/files/plan-file.ts");
  const content = printPlan(await planDocument(planned, changes));
  await writeOutputs(({ writeFiles, privateMode }) => writeFiles([{ path, content, mode: privateMode }]));
}
