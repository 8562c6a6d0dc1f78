import { Command, Option } from "commander";
import type { CheckRequest } from "../../app/check.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import type { CheckReport } from "../../report/findings/report.ts";
import { exitCodes, portolanManifest } from "../exit-codes.ts";
import { actualOption, notEmpty } from "../flags.ts";
import { addNarrowOptions } from "../narrow-flags.ts";
import { SettingOption, settings } from "../settings.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag, Terminal } from "../terminal/terminal.ts";
import { messageColumns } from "../terminal/width.ts";
import { writeOutputs } from "../write-outputs.ts";

interface CheckFlags extends CheckRequest, ColorFlag {
  readonly output?: "text" | "json" | "junit" | "sarif" | "github";
  readonly writeBaseline?: string;
}

/** `portolan check`, with its flags and help. */
export function checkCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("check")
    .summary("find mistakes in cluster state or in the rules of a host")
    .description(
      "Finds mistakes that the API server accepts: Services whose selectors match nothing, conflicting ports, " +
        "policies that drop traffic on some nodes, deprecated fields. With --actual, says what is broken on a " +
        "host, for which Services and why: missing jumps, firewalls and other programs that drop or divert " +
        "their packets, replies that do not come back, stale conntrack entries, incomplete rules.",
    );
  addNarrowOptions(addStateOptions(command, { isRequired: false }));
  const node = command.options.find(({ long }) => long === "--node");
  if (node !== undefined) node.description = "check for this node only; default: for every Node";
  return command
    .addOption(new Option("--all-nodes", "check for every Node (the default)").conflicts("node"))
    .addOption(actualOption("the rules of a host"))
    .addOption(
      new Option("-o, --output <format>", "default: text").choices(["text", "json", "junit", "sarif", "github"]),
    )
    .addOption(new SettingOption("failOn").default(settings.failOn.usual))
    .addOption(new SettingOption("suppress"))
    .addOption(new SettingOption("baseline"))
    .option("--write-baseline <file>", "write the findings to this file instead of printing them", notEmpty)
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: CheckFlags) => {
      finish(await runCheck(flags));
    });
}

async function runCheck(flags: CheckFlags): Promise<number> {
  const [{ runChecks }, { openTerminal }, { isAtLeast }] = await Promise.all([
    import("../../app/check.ts"),
    import("../terminal/terminal.ts"),
    import("../../report/findings/report.ts"),
  ]);
  const terminal = openTerminal(flags);
  const result = await runChecks(flags, terminal.effects);
  if (result.kind === "unreadable") {
    const { summarizeDiagnostics } = await import("../../report/diagnostics.ts");
    terminal.showDiagnostics(result);
    terminal.warn(`\n${summarizeDiagnostics(result.diagnostics)}; nothing was checked\n`);
    return exitCodes.invalidInput;
  }
  const { report } = result;
  if (flags.writeBaseline !== undefined) {
    await writeBaseline(flags.writeBaseline, report, terminal);
    return exitCodes.fine;
  }
  terminal.print(await renderReport(report, flags, terminal));
  const isFailed = report.findings.some(({ diagnostic }) => isAtLeast(diagnostic.severity, flags.failOn));
  return isFailed ? exitCodes.different : exitCodes.fine;
}

async function writeBaseline(path: string, report: CheckReport, { warn }: Terminal): Promise<void> {
  const [{ printBaseline }, { leftOutSentence }] = await Promise.all([
    import("../../check/baseline.ts"),
    import("../../report/findings/report.ts"),
  ]);
  const { findings } = report;
  const content = printBaseline(findings.map(({ key }) => key));
  await writeOutputs(({ writeFiles, sharedMode }) => writeFiles([{ path, content, mode: sharedMode }]));
  warn(`${escapeControls(path)}: ${findings.length} ${findings.length === 1 ? "finding" : "findings"}\n`);
  const leftOut = leftOutSentence(report);
  if (leftOut !== undefined) warn(`${escapeControls(leftOut)}\n`);
}

async function renderReport(
  report: CheckReport,
  { output = "text" }: CheckFlags,
  { paint }: Terminal,
): Promise<string> {
  switch (output) {
    case "text":
      return (await import("../../report/findings/report.ts")).printText(report, {
        paint,
        columns: messageColumns(process.stdout),
      });
    case "json":
      return (await import("../../report/findings/json.ts")).printJson(report);
    case "junit":
      return (await import("../../report/findings/junit.ts")).printJunit(report);
    case "sarif":
      return (await import("../../report/findings/sarif.ts")).printSarif(report, portolanManifest());
    case "github":
      return (await import("../../report/findings/github.ts")).printGithub(report);
  }
}

function examples(name: string): string {
  return `
Examples:
  # is anything wrong with this cluster?
  $ ${name} check --live
  $ kubectl get svc,endpointslices,nodes,pods -A -o yaml | ${name} check -f -

  # manifests in CI: annotate the pull request, fail on errors only
  $ ${name} check -R -f deploy -o github --fail-on error

  # only the Services of one team
  $ ${name} check --live -l team=payments

  # accept the current findings, and report only new ones
  $ ${name} check -f cluster.yaml --write-baseline baseline.json
  $ ${name} check -f cluster.yaml --baseline baseline.json

  # what is broken on a node, by Service
  $ ssh node1 sudo iptables-save | ${name} check --actual -

  # the host that this runs on
  $ sudo ${name} check --actual local

  # the same, with the endpoints that the cluster has
  $ ${name} check --live --actual node1.collect

An object with the annotation portolan/suppress: "code,code" has no findings of
these codes. portolan explain CODE describes a code.

Exit codes: 0 success, 1 findings at or above --fail-on, 2 usage, 3 input that
cannot be read, 4 environment.
`;
}
