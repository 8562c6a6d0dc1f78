import { createHash, createHmac } from "node:crypto";
import { Command, Option } from "commander";
import type { SnapshotRequest } from "../../app/snapshot.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { plural } from "../../report/words.ts";
import type { SnapshotFormat, SplitBy } from "../../snapshot/print-snapshot.ts";
import { exitCodes } from "../exit-codes.ts";
import { notEmpty } from "../flags.ts";
import { addSourceOptions, colorOption, type StateFlags } from "../state-flags.ts";
import { writeOutputs } from "../write-outputs.ts";

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
    .summary("print cluster state for Git: only fields that affect rules")
    .description(
      "Prints the Services, EndpointSlices, Nodes, pods and kube-proxy configuration of a cluster with only the fields " +
        "that compile and check read: sorted, and without timestamps and versions. The same state gives the " +
        "same text. Compiling the snapshot gives the same rules as compiling the cluster itself.",
    );
  return addSourceOptions(command)
    .addOption(new Option("--no-pods", "omit pods, which only check reads"))
    .addOption(new Option("-o, --output <format>", "output format").choices(["yaml", "json"]).default("yaml"))
    .addOption(
      new Option("--split <dir>", "write files into this directory; files of deleted objects are removed").argParser(
        notEmpty,
      ),
    )
    .addOption(
      new Option("--split-by <unit>", "write one file per object or per namespace")
        .choices(["namespace", "object"])
        .default("namespace"),
    )
    .option("--redact", "replace names and addresses consistently, to share the state")
    .addOption(
      new Option(
        "--redact-key <text>",
        "key to redact several snapshots consistently; keep it secret, it allows guessing names",
      ).argParser(notEmpty),
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
  else {
    const files = printSnapshotFiles(objects, output, splitBy);
    await writeOutputs(({ writeSplit }) => writeSplit(split, files));
    warn(`${escapeControls(split)}: ${plural(files.size, "file")} written\n`);
  }
  return exitCodes.fine;
}

/**
 * Without a key, the state itself is the key. Names cannot be guessed without the state, and the same state gives the
 * same text.
 */
function redactionWith(key: string | undefined): SnapshotRequest["redaction"] {
  return (objects) => {
    const digestAll = () =>
      objects.reduce((hash, { value }) => hash.update(JSON.stringify(value)), createHash("sha256")).digest();
    const secret = key ?? digestAll();
    return (text) => createHmac("sha256", secret).update(text).digest("hex");
  };
}

function examples(name: string): string {
  return `
Examples:
  # the cluster that kubectl talks to, into a file and back into rules
  $ ${name} snapshot --live > cluster.yaml
  $ ${name} compile -f cluster.yaml --node node1

  # for Git, one file per namespace
  $ ${name} snapshot --live --context prod --split clusters/prod

  # output of kubectl, reduced to the fields that matter
  $ kubectl get svc,endpointslices,nodes -A -o yaml | ${name} snapshot -f -

  # for a bug report
  $ ${name} snapshot --live --no-pods --redact > state.yaml

--redact keeps numbers (ports, counts), protocols, policies, conditions, label
keys of Kubernetes, address families, which network holds which address, loopback
and link-local addresses. In all other text, letters and digits are replaced.

Exit codes: 0 success, 2 usage, 3 input that cannot be read, 4 environment.
`;
}
