import { Command, Option } from "commander";
import { type Effects, Failure } from "../../app/effects.ts";
import type { PlanRequest, PlanResult } from "../../app/plan.ts";
import { exitCodes } from "../exit-codes.ts";
import { actualOption, allowSimulatedOption } from "../flags.ts";
import { addNarrowOptions, narrowFlags } from "../narrow-flags.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag } from "../terminal/terminal.ts";

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
      new Option("--out <file>", "save the plan; apply FILE then runs exactly this, or refuses").conflicts(narrowFlags),
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
  if (flags.output === "json") print(await printDocument(result, effects));
  else print(renderPlan(planned, changes, { all: flags.rules ?? false, paint, notShown }));
  if (flags.out !== undefined) {
    await savePlan(flags.out, result, effects);
    warn(`\nsaved: ${flags.out}; to run exactly this: portolan apply ${flags.out}\n`);
  }
  return isToDo ? exitCodes.different : exitCodes.fine;
}

/** A narrowed plan is printed without steps, and apply refuses it. */
async function printDocument(result: PlanResult, effects: Effects): Promise<string> {
  const { planned, changes, notShown } = result;
  if (notShown === undefined) return printWhole(result, effects);
  const { notShownDocument } = await import("../../report/words.ts");
  const { node, mode } = planned.desired;
  const kind = { apiVersion: "portolan/v1alpha1", kind: "Plan", node, mode };
  return `${JSON.stringify({ ...kind, notShown: notShownDocument(notShown, "changes"), changes }, null, 1)}\n`;
}

async function printWhole({ planned, compiled }: PlanResult, effects: Effects): Promise<string> {
  const { planDocument, printPlan } = await import("../../app/saved-plan.ts");
  return printPlan(planDocument(planned, compiled, effects), effects);
}

async function savePlan(path: string, result: PlanResult, effects: Effects): Promise<void> {
  const [{ writeWhole }, { reasonOf }] = await Promise.all([
    import("../../host/files/write-files.ts"),
    import("../../host/files/read-sources.ts"),
  ]);
  const text = await printWhole(result, effects);
  try {
    writeWhole(path, text);
  } catch (error) {
    throw new Failure(`cannot write ${path}: ${reasonOf(error)}`, "environment");
  }
}
