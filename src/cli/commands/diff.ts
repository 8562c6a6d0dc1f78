import { Command, InvalidArgumentError, Option } from "commander";
import type { DiffRequest } from "../../app/diff.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { kubeProxyVersions } from "../../model/proxy-configuration/kube-proxy-version.ts";
import { proxyModes } from "../../model/proxy-configuration/proxy-configuration.ts";
import { type DiffDetail, type DiffFormat, diffDetails, diffFormats } from "../../report/diff/diff.ts";
import { exitCodes } from "../exit-codes.ts";
import { notEmpty } from "../flags.ts";
import { addNarrowOptions } from "../narrow-flags.ts";
import { aboutReport, addReportOptions, type ReportFlags } from "../report-flags.ts";
import { addHostPortOptions, addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag } from "../terminal/terminal.ts";
import { terminalColumns } from "../terminal/width.ts";
import { writeOutputs } from "../write-outputs.ts";

/** A file to write in addition to stdout. */
interface Report {
  readonly format: DiffFormat;
  readonly file: string;
}

interface DiffFlags extends DiffRequest, ColorFlag, ReportFlags {
  readonly detail: DiffDetail;
  readonly output: DiffFormat;
  readonly report?: readonly Report[];
}

/** `portolan diff`: its flags and help. */
export function diffCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("diff")
    .summary("show how a change affects traffic, Service by Service")
    .description(
      "Compares two states of a cluster or of a host, and shows which packets are treated differently. A side is " +
        "manifests (a file, a directory, -, git:REF[:PATH]), a folder written by compile --out-dir, a dump " +
        "(iptables-save or collect), or live:[CONTEXT], a running cluster. With -f, both sides are manifests " +
        "applied on top of that state, with --live on top of the running cluster, which is BASE if only one side is given. All " +
        "nodes of both sides are compared, unless --node names one.",
    )
    .argument("[base]", "the current state")
    .argument("[head]", "the new state; without it, BASE with --overlay, --to-mode or --to-proxy-config");
  return addNarrowOptions(addDiffOptions(addHostPortOptions(addStateOptions(command, { isRequired: false }))))
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (base: string | undefined, head: string | undefined, flags: DiffFlags) => {
      finish(await runDiff({ ...flags, base, head }));
    });
}

function addDiffOptions(command: Command): Command {
  const format = new Option("-o, --output <format>", "output format").choices(diffFormats).default("text");
  return addReportOptions(command)
    .addOption(new Option("--all-nodes", "compare every node of both sides (the default)").conflicts("node"))
    .addOption(new Option("--to-mode <mode>", "compile HEAD in this kube-proxy mode").choices(proxyModes))
    .addOption(
      new Option("--to-kube-proxy-version <version>", "compile HEAD for this kube-proxy").choices(kubeProxyVersions),
    )
    .addOption(
      new Option("--to-proxy-config <file>", "compile HEAD with this KubeProxyConfiguration").argParser(notEmpty),
    )
    .addOption(new Option("--detail <level>", "level of detail").choices(diffDetails).default("services"))
    .addOption(format)
    .addOption(
      new Option("--report <format=file>", "also write this format to a file; repeatable").argParser(parseReport),
    );
}

function parseReport(value: string, previous: readonly Report[] | undefined): readonly Report[] {
  const [, format, file = ""] = /^([^=]*)=(.+)$/s.exec(value) ?? [];
  if (!isFormat(format) || file.trim() === "") {
    throw new InvalidArgumentError(`Write it as FORMAT=FILE, where FORMAT is one of ${diffFormats.join(", ")}.`);
  }
  return [...(previous ?? []), { format, file }];
}

function isFormat(text: string | undefined): text is DiffFormat {
  return diffFormats.some((format) => format === text);
}

async function runDiff(flags: DiffFlags): Promise<number> {
  const { detail, output, report: reports = [] } = flags;
  const [{ diffStates, isDifferent }, { openTerminal }, { renderDiff }] = await Promise.all([
    import("../../app/diff.ts"),
    import("../terminal/terminal.ts"),
    import("../../report/diff/diff.ts"),
  ]);
  const { effects, print, warn, paint } = openTerminal(flags);
  const diff = await diffStates(flags, effects);
  const about = aboutReport(flags);
  const texts = await Promise.all(
    reports.map(async ({ format, file }) => ({
      path: file,
      content: await renderDiff(diff, format, { detail, about }),
    })),
  );
  const columns = terminalColumns(process.stdout);
  const result = await renderDiff(diff, output, { detail, about, paint, columns });
  await writeOutputs(({ writeFiles, sharedMode }) => writeFiles(texts.map((text) => ({ ...text, mode: sharedMode }))));
  print(result);
  for (const { format, file } of reports) warn(`${escapeControls(file)}: ${format} report written\n`);
  return isDifferent(diff, detail) ? exitCodes.different : exitCodes.fine;
}

function examples(name: string): string {
  return `
Examples:
  # the effect of a branch on a saved cluster state
  $ ${name} diff cluster.yaml --overlay git:HEAD:deploy

  # the effect of a branch on the running cluster
  $ ${name} diff --live --overlay git:HEAD:deploy

  # what has changed in the cluster since a snapshot; two clusters
  $ ${name} diff snapshot.yaml live:
  $ ${name} diff live:staging live:prod --node node1

  # two commits on top of the state of a cluster, and an HTML page for reviewers
  $ ${name} diff git:main:deploy git:HEAD:deploy -f state.yaml --report html=d.html

  # what changes if kube-proxy runs in ipvs mode
  $ ${name} diff -f cluster.yaml --mode iptables --to-mode ipvs

  # only the Services of one namespace
  $ ${name} diff cluster.yaml --overlay git:HEAD:deploy -n shop

  # a node yesterday and today
  $ ${name} diff node1-monday.txt node1-tuesday.txt --detail rules

Exit codes: 0 no differences, 1 differences, 2 usage, 3 input invalid,
4 environment.
`;
}
