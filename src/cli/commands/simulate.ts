import { Command, Option } from "commander";
import { escapeControls } from "../../diagnostics/printable.ts";
import { exitCodes } from "../exit-codes.ts";
import { addStateOptions, colorOption, type StateFlags } from "../state-flags.ts";

/** The maximum number of ignored objects to name. */
const mostNames = 6;

interface SimulateFlags extends StateFlags {
  readonly output: "yaml" | "json";
}

/** `portolan simulate`: its flags and help. */
export function simulateCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("simulate")
    .summary("complete plain manifests as a cluster would")
    .description(
      "Reads manifests from a repository, and prints the state a cluster would create from them: Nodes, Pods " +
        "of workloads, EndpointSlices, cluster IPs, node ports and load balancer addresses. Your values are kept. Simulated " +
        "values depend only on names, and are listed in the annotation portolan/simulated.",
    );
  addStateOptions(command)
    .options.find(({ long }) => long === "--simulate")
    ?.hideHelp();
  return command
    .addOption(new Option("-o, --output <format>", "output format").choices(["yaml", "json"]).default("yaml"))
    .addOption(colorOption())
    .addHelpText(
      "after",
      `
Examples:
  # this chart on five nodes
  $ helm template shop ./chart | ${name} simulate -f - --nodes 5 > state.yaml

  # straight to rules; explain, check and diff take --simulate too
  $ ${name} compile -R -f deploy --simulate --node node1

  # the same with a node down and more replicas
  $ ${name} simulate -R -f deploy --fail node2 --scale shop/web=6

Of scheduling, nodeSelector, taints and cordons are looked at, nothing else.
Every pod is taken to be ready.

Exit codes: 0 success, 2 usage, 3 input invalid (nothing is written), 4 environment.
`,
    )
    .action(async (flags: SimulateFlags) => {
      finish(await runSimulate(flags));
    });
}

/** Prints the whole state, or nothing where there are errors. */
async function runSimulate(flags: SimulateFlags): Promise<number> {
  const [{ simulateState }, { openTerminal }, { summarizeDiagnostics }, { printObjects }, { namesText }] =
    await Promise.all([
      import("../../app/snapshot.ts"),
      import("../terminal/terminal.ts"),
      import("../../report/diagnostics.ts"),
      import("../../snapshot/print-snapshot.ts"),
      import("../../report/words.ts"),
    ]);
  const { effects, print, warn, showDiagnostics } = openTerminal(flags);
  const result = await simulateState(flags, effects);
  showDiagnostics(result);
  const { state } = result;
  if (state !== undefined) {
    const { objects, ignored } = state;
    print(printObjects(objects, flags.output));
    if (ignored.length > 0) warn(`\nignored: ${escapeControls(namesText(ignored, mostNames))}\n`);
  }
  const summary = summarizeDiagnostics(result.diagnostics);
  if (summary !== "") warn(`\n${summary}${state === undefined ? "; nothing was written" : ""}\n`);
  return state === undefined ? exitCodes.invalidInput : exitCodes.fine;
}
