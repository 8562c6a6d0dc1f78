import { Command, Option } from "commander";
import type { Effects } from "../../app/effects.ts";
import type { PlanRequest, PlanResult } from "../../app/plan.ts";
import { escapeControls, printableJson } from "../../diagnostics/printable.ts";
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
    .addOption(actualOption("the host, by default this one"))
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
  if (out !== undefined) await savePlan(out, result, effects);
  if (flags.output === "json") print(await printDocument(result, effects));
  else print(renderPlan(planned, changes, { all: flags.rules ?? false, paint, notShown }));
  if (out !== undefined) {
    const apply = ["portolan", "apply", out].map(quoteWord).join(" ");
    warn(`\nsaved: ${escapeControls(out)}; to run exactly this: ${escapeControls(apply)}\n`);
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
  return `${printableJson({ ...kind, notShown: notShownDocument(notShown, "changes"), changes }, 1)}\n`;
}

async function printWhole({ planned, compiled }: PlanResult, effects: Effects): Promise<string> {
  const { planDocument, printPlan } = await import("../../app/saved-plan.ts");
  return printPlan(planDocument(planned, compiled, effects), effects);
}

async function savePlan(path: string, result: PlanResult, effects: Effects): Promise<void> {
  const content = await printWhole(result, effects);
  await writeOutputs(({ writeFiles, privateMode }) => writeFiles([{ path, content, mode: privateMode }]));
}
