import { Command, Option } from "commander";
import type { ChangeRequest } from "../../app/change-host.ts";
import { addChangeOptions } from "../flags.ts";
import { colorOption } from "../state-flags.ts";
import type { ChangeFlags } from "../terminal/change.ts";

type CleanupFlags = ChangeRequest & ChangeFlags;

/** `portolan cleanup`, with its flags and help. */
export function cleanupCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("cleanup")
    .summary("delete all kube-proxy rules from this host")
    .description(
      "Removes the chains, jumps, sets, virtual servers, addresses and counters that Portolan or kube-proxy made, in " +
        "either mode. Rules of the kubelet and of other programs are not changed.",
    );
  return addChangeOptions(command)
    .addOption(new Option("--dry-run", "show what would be removed"))
    .addOption(colorOption())
    .addHelpText("after", `\nExample:\n  $ ${name} cleanup --dry-run\n`)
    .action(async (flags: CleanupFlags) => {
      finish(await runCleanup(flags));
    });
}

async function runCleanup(flags: CleanupFlags): Promise<number> {
  const [{ cleanUpHost }, { runChange }] = await Promise.all([
    import("../../app/apply.ts"),
    import("../terminal/change.ts"),
  ]);
  return runChange(flags, (control, effects) => cleanUpHost(flags, control, effects));
}
