import { Command, Option } from "commander";
import type { SimulateCommandFlags } from "../commands/simulate.ts";
import { addStateOptions, colorOption } from "./state-flags.ts";

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

The scheduler uses nodeSelector, taints and cordons, nothing else. All pods are
assumed to be ready.

Exit codes: 0 success, 2 usage, 3 input invalid (nothing is written), 4 environment.
`,
    )
    .action(async (flags: SimulateCommandFlags) => {
      const { runSimulate } = await import("../commands/simulate.ts");
      finish(await runSimulate(flags));
    });
}
