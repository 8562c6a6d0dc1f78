import { Command, Option } from "commander";
import { escapeControls, escapeLines } from "../../diagnostics/printable.ts";
import { exitCodes } from "../exit-codes.ts";

interface CollectFlags {
  readonly script?: boolean;
  readonly host?: boolean;
  readonly node?: string;
}

/** `portolan collect`, with its flags and help. */
export function collectCommand(name: string, finish: (exitCode: number) => void): Command {
  return new Command("collect")
    .summary("print the state of this host as one text document")
    .description("Prints the rules, sets, virtual servers and addresses of this host. Changes nothing.")
    .addOption(
      new Option("--script", "print a shell script that does the same on a host without Portolan").conflicts("host"),
    )
    .addOption(
      new Option("--host", "print the Host document of this host instead, as input for compile").conflicts("script"),
    )
    .option("--node <name>", "with --host: the Node's name, if it differs from the host name")
    .addHelpText(
      "after",
      `
Examples:
  # on the node, with Portolan or without
  $ ${name} collect > node1.txt
  $ ${name} collect --script | ssh node1 sudo sh > node1.txt
`,
    )
    .action(async (flags: CollectFlags) => {
      finish(await runCollect(flags));
    });
}

async function runCollect(flags: CollectFlags): Promise<number> {
  const [{ readHost, warnOfOtherRules }, { openTerminal }, { printCollectScript, printDocument }] = await Promise.all([
    import("../../app/read-host.ts"),
    import("../terminal/terminal.ts"),
    import("../../reconcile/live/collected-document.ts"),
  ]);
  const { effects, print, warn } = openTerminal({ color: "auto" });
  if (flags.script === true) {
    print(printCollectScript());
    return exitCodes.fine;
  }
  const { document, state, otherRules } = await readHost(undefined, effects);
  warnOfOtherRules(otherRules, effects);
  if (flags.host === true) {
    const { printYaml } = await import("../../report/yaml.ts");
    const name = flags.node ?? state.name;
    print(printYaml({ apiVersion: "portolan/v1alpha1", kind: "Host", metadata: { name }, addresses: state.addresses }));
    return exitCodes.fine;
  }
  const text = printDocument(document);
  // A file or a reader gets the bytes of the tools: repairs name foreign rules by them.
  print(process.stdout.isTTY ? escapeLines(text) : text);
  for (const [command, reason] of Object.entries(document.failures))
    warn(`skipped: ${command}: ${escapeControls(`${reason}`)}\n`);
  return exitCodes.fine;
}
