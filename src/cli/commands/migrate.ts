import { Command, Option } from "commander";
import type { MigrateRequest } from "../../app/migrate.ts";
import { type MigrateFormat, migrateFormats } from "../../report/migrate/migrate.ts";
import { exitCodes } from "../exit-codes.ts";
import { actualOption } from "../flags.ts";
import { addNarrowOptions } from "../narrow-flags.ts";
import { aboutReport, type ReportFlags, stampOption } from "../report-flags.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag } from "../terminal/terminal.ts";

interface MigrateFlags extends MigrateRequest, ColorFlag, ReportFlags {
  readonly output: MigrateFormat;
}

/** `portolan migrate`: its flags and help. */
export function migrateCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("migrate")
    .summary("show what changes when kube-proxy moves to nftables mode")
    .description(
      "Reports what changes for the Services, nodes and configuration of a cluster when kube-proxy leaves iptables " +
        "or ipvs mode for nftables: who loses or gains access, with an example packet before and after, what to do, " +
        "and the configuration to use. Both modes are compiled for every node, and their packets are compared.",
    );
  return addNarrowOptions(addStateOptions(command))
    .addOption(new Option("--all-nodes", "compare every node (the default)").conflicts("node"))
    .addOption(new Option("--to-mode <mode>", "the mode to move to").choices(["nftables"]).default("nftables"))
    .addOption(actualOption("the rules of a node, for firewalls and rules of other programs"))
    .addOption(new Option("-o, --output <format>", "output format").choices(migrateFormats).default("text"))
    .addOption(stampOption())
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: MigrateFlags) => {
      finish(await runMigrate(flags));
    });
}

async function runMigrate(flags: MigrateFlags): Promise<number> {
  const [{ findMigration }, { isAccessChanged }, { openTerminal }, { renderMigration }] = await Promise.all([
    import("../../app/migrate.ts"),
    import("../../migrate/migrate.ts"),
    import("../terminal/terminal.ts"),
    import("../../report/migrate/migrate.ts"),
  ]);
  const { effects, print, paint } = openTerminal(flags);
  const migration = await findMigration(flags, effects);
  const columns = process.stdout.columns ?? 80;
  print(await renderMigration(migration, flags.output, { about: aboutReport(flags), paint, columns }));
  return isAccessChanged(migration) ? exitCodes.different : exitCodes.fine;
}

function examples(name: string): string {
  return `
Examples:
  # the running cluster, every node
  $ ${name} migrate --live

  # a saved state, one node, for a ticket
  $ ${name} migrate -f cluster.yaml --node node1 -o markdown

  # one team's Services, and a page for them
  $ ${name} migrate --live -n shop -o html > migration.html

  # with what the nodes have besides kube-proxy: firewalls, rules that use its chains
  $ ${name} migrate --live --actual node1.collect --actual node2.collect

  # the configuration to use
  $ ${name} migrate --live -o patch > patch.yaml
  $ kubectl -n kube-system patch configmap kube-proxy --patch-file patch.yaml

Exit codes: 0 nobody loses or gains access, 1 somebody does, 2 usage, 3 input
invalid, 4 environment.
`;
}
