import { Command, Option } from "commander";
import type { PlanRequest, VerifyResult } from "../../app/plan.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { exitCodes } from "../exit-codes.ts";
import { addNarrowOptions, narrowFlags } from "../flags/narrow.ts";
import { addStateOptions, colorOption } from "../flags/state.ts";
import { actualOption, allowSimulatedOption } from "../flags/values.ts";
import type { ColorFlag, Terminal } from "../terminal/terminal.ts";

interface VerifyFlags extends PlanRequest, ColorFlag {
  readonly fix?: boolean;
  readonly output?: "text" | "json";
}

/** `portolan verify`, with its flags and help. */
export function verifyCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("verify")
    .alias("drift")
    .summary("say how a host differs from what cluster state says")
    .description(
      "Compares a host with the rules it should have: what is missing, extra, changed or in another order, whom it " +
        "hurts, and rules of others that stand before ours. Changes nothing.",
    );
  return addNarrowOptions(addStateOptions(command))
    .addOption(allowSimulatedOption())
    .addOption(actualOption())
    .addOption(
      new Option("--fix", "print a shell script that repairs it, instead of the findings").conflicts(narrowFlags),
    )
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]).conflicts("fix"))
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # is this host still as the running cluster says?
  $ ${name} verify --live --node node1

  # is this host still as it should be?
  $ ${name} verify -f cluster.yaml --node node1

  # another host, and a script that repairs it
  $ ${name} verify -f cluster.yaml --node node1 --actual node1.txt --fix

  # does it hurt the Services of one team?
  $ ${name} verify -f cluster.yaml --node node1 -l team=payments

Exit codes: 0 no drift, 1 drift, 2 usage, 3 input invalid, 4 environment.
`,
    )
    .action(async (flags: VerifyFlags) => {
      finish(await runVerify(flags));
    });
}

async function runVerify(flags: VerifyFlags): Promise<number> {
  const [{ verifyState }, { openTerminal }] = await Promise.all([
    import("../../app/plan.ts"),
    import("../terminal/terminal.ts"),
  ]);
  const terminal = openTerminal(flags);
  const result = await verifyState(flags, terminal.effects);
  if (flags.fix === true) await printRepair(result, terminal);
  else if (flags.output === "json") terminal.print(await verifyDocument(result));
  else {
    const { renderVerify } = await import("../../report/plan.ts");
    terminal.print(renderVerify(result, terminal.paint));
  }
  return result.findings.some(({ isDrift }) => isDrift) ? exitCodes.different : exitCodes.fine;
}

async function printRepair({ repair, node, findings }: VerifyResult, { print, warn }: Terminal): Promise<void> {
  const { printRepairScript } = await import("../../languages/shell.ts");
  const title = `Repairs the rules for node ${escapeControls(node)}.`;
  print(repair.length === 0 ? "" : printRepairScript(repair, title));
  const foreign = findings.some(({ isDrift, kind }) => isDrift && kind === "foreign-before-ours");
  if (foreign) warn("rules of others before ours are left to whoever made them\n");
}

async function verifyDocument({ node, mode, findings, notShown }: VerifyResult): Promise<string> {
  const { notShownDocument } = await import("../../report/words.ts");
  const report = { apiVersion: "portolan/v1alpha1", kind: "VerifyReport", node, mode };
  const drift = findings.some(({ isDrift }) => isDrift);
  const narrowed = notShown === undefined ? {} : { notShown: notShownDocument(notShown, "findings") };
  return `${JSON.stringify({ ...report, drift, ...narrowed, findings }, null, 2)}\n`;
}
