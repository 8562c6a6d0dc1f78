import { Command, Option } from "commander";
import type { PlanRequest, VerifyResult } from "../../app/plan.ts";
import { escapeControls, printableJson } from "../../diagnostics/printable.ts";
import { exitCodes } from "../exit-codes.ts";
import { actualOption, allowSimulatedOption } from "../flags.ts";
import { addNarrowOptions, narrowFlags } from "../narrow-flags.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag, Terminal } from "../terminal/terminal.ts";

interface VerifyFlags extends PlanRequest, ColorFlag {
  readonly fix?: boolean;
  readonly output?: "text" | "json";
}

/** `portolan verify`, with its flags and help. */
export function verifyCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("verify")
    .alias("drift")
    .summary("find drift: has the host drifted, and which connections are affected")
    .description(
      "Compares a host with its desired rules: what is missing, extra, changed or reordered, which Services are " +
        "affected, and foreign rules that come before kube-proxy's. Changes nothing.",
    );
  return addNarrowOptions(addStateOptions(command))
    .addOption(allowSimulatedOption())
    .addOption(actualOption("the host, by default this one"))
    .addOption(
      new Option("--fix", "print a shell script that repairs it, instead of the findings").conflicts(narrowFlags),
    )
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]).conflicts("fix"))
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # does this host still match the running cluster?
  $ ${name} verify --live --node node1

  # does this host still match the saved state?
  $ ${name} verify -f cluster.yaml --node node1

  # another host, and a script that repairs it
  $ ${name} verify -f cluster.yaml --node node1 --actual node1.txt --fix

  # are the Services of one team affected?
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
  const steps = repair.map((step) => ({ ...step, purpose: escapeControls(step.purpose) }));
  print(steps.length === 0 ? "" : printRepairScript(steps, title));
  const foreign = findings.some(({ isDrift, kind }) => isDrift && kind === "foreign-rules-first");
  if (foreign) warn("rules of other programs before the rules of kube-proxy are not changed\n");
}

async function verifyDocument({ node, mode, findings: found, notShown }: VerifyResult): Promise<string> {
  const [{ notShownDocument }, { describeTraffic }] = await Promise.all([
    import("../../report/words.ts"),
    import("../../check/drift.ts"),
  ]);
  const findings = found.map(({ traffic, ...finding }) =>
    traffic === undefined
      ? finding
      : { ...finding, traffic: traffic.map((one) => ({ ...one, sentence: describeTraffic(one) })) },
  );
  const report = { apiVersion: "portolan/v1alpha1", kind: "VerifyReport", node, mode };
  const drift = found.some(({ isDrift }) => isDrift);
  const narrowed = notShown === undefined ? {} : { notShown: notShownDocument(notShown, "findings") };
  return `${printableJson({ ...report, drift, ...narrowed, findings }, 2)}\n`;
}
