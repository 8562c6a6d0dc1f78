import { Command, Option } from "commander";
import type { SnapshotFlags } from "../commands/snapshot.ts";
import { notEmpty } from "./option-values.ts";
import { addSourceOptions, colorOption } from "./state-flags.ts";

/** `portolan snapshot`, with its flags and help. */
export function snapshotCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("snapshot")
    .summary("print cluster state as it is kept in Git: only what rules hang on")
    .description(
      "Prints the Services, EndpointSlices, Nodes, pods and kube-proxy configuration of a cluster with only the fields " +
        "that compile and check read: sorted, and without timestamps and versions, so that the same state gives the " +
        "same text. Compiling it gives what compiling the cluster itself gives.",
    );
  return addSourceOptions(command)
    .addOption(new Option("--no-pods", "leave out pods, which only check looks at"))
    .addOption(new Option("-o, --output <format>", "how it is printed").choices(["yaml", "json"]).default("yaml"))
    .addOption(
      new Option(
        "--split <dir>",
        "write files into this directory; those of objects that are gone are removed",
      ).argParser(notEmpty),
    )
    .addOption(
      new Option("--split-by <unit>", "what has a file of its own")
        .choices(["namespace", "object"])
        .default("namespace"),
    )
    .option("--redact", "replace names and addresses, each by one of its own, to show the state to others")
    .addOption(
      new Option("--redact-key <text>", "redact several snapshots alike; whoever has it can try out names").argParser(
        notEmpty,
      ),
    )
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: SnapshotFlags) => {
      const { runSnapshot } = await import("../commands/snapshot.ts");
      finish(await runSnapshot(flags));
    });
}

function examples(name: string): string {
  return `
Examples:
  # the cluster that kubectl talks to, into a file and back into rules
  $ ${name} snapshot --live > cluster.yaml
  $ ${name} compile -f cluster.yaml --node node1

  # kept in Git, a file for each namespace
  $ ${name} snapshot --live --context prod --split clusters/prod

  # what kubectl printed, with nothing in it but what matters
  $ kubectl get svc,endpointslices,nodes -A -o yaml | ${name} snapshot -f -

  # for a bug report
  $ ${name} snapshot --live --no-pods --redact > state.yaml

--redact keeps numbers (ports, counts), protocols, policies, conditions, label
keys of Kubernetes, address families, which network holds which address, loopback
and link-local addresses, and what is no valid name or address.

Exit codes: 0 fine, 2 usage, 3 input that cannot be read, 4 environment.
`;
}
