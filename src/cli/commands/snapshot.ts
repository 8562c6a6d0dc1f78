import { createHash, createHmac } from "node:crypto";
import { Command, Option } from "commander";
import { Failure } from "../../app/failure.ts";
import type { SnapshotRequest } from "../../app/snapshot.ts";
import type { SnapshotFormat, SplitBy } from "../../snapshot/print-snapshot.ts";
import { exitCodes } from "../exit-codes.ts";
import { addSourceOptions, colorOption, type StateFlags } from "../flags/state.ts";
import { notEmpty } from "../flags/values.ts";

interface SnapshotFlags extends StateFlags {
  /** False: --no-pods. */
  readonly pods: boolean;
  readonly output: SnapshotFormat;
  readonly split?: string;
  readonly splitBy: SplitBy;
  readonly redact?: boolean;
  readonly redactKey?: string;
}

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
      finish(await runSnapshot(flags));
    });
}

async function runSnapshot(flags: SnapshotFlags): Promise<number> {
  const [{ takeSnapshot }, { openTerminal }, { printSnapshot, printSnapshotFiles }] = await Promise.all([
    import("../../app/snapshot.ts"),
    import("../terminal/terminal.ts"),
    import("../../snapshot/print-snapshot.ts"),
  ]);
  const { effects, print, warn, showDiagnostics } = openTerminal(flags);
  const isRedacted = flags.redact === true || flags.redactKey !== undefined;
  const redaction = isRedacted ? redactionWith(flags.redactKey) : undefined;
  const result = await takeSnapshot({ ...flags, redaction }, effects);
  showDiagnostics(result);
  const { objects } = result;
  if (objects === undefined) {
    const { summarizeDiagnostics } = await import("../../report/diagnostics.ts");
    warn(`\n${summarizeDiagnostics(result.diagnostics)}; nothing was written\n`);
    return exitCodes.invalidInput;
  }
  const { output, split, splitBy } = flags;
  if (split === undefined) print(printSnapshot(objects, output));
  else await writeFiles(split, printSnapshotFiles(objects, output, splitBy));
  return exitCodes.fine;
}

/**
 * Without a key, the state itself is the key: nobody who does not have it can try out names, and the same state gives
 * the same text.
 */
function redactionWith(key: string | undefined): SnapshotRequest["redaction"] {
  return (objects) => {
    const digestAll = () =>
      objects.reduce((hash, { value }) => hash.update(JSON.stringify(value)), createHash("sha256")).digest();
    const secret = key ?? digestAll();
    return (text) => createHmac("sha256", secret).update(text).digest("hex");
  };
}

async function writeFiles(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  const { writeSplit } = await import("../../host/files/write-files.ts");
  const reason = writeSplit(directory, files);
  if (reason === undefined) return;
  throw new Failure(`cannot write to ${directory}: ${reason}; nothing there was changed`, "environment");
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
