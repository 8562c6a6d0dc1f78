import { type Command, Option } from "commander";
import { quoteWord } from "../languages/shell.ts";
import type { About } from "../report/about.ts";
import { portolanVersion } from "./exit-codes.ts";
import { SettingOption, settings } from "./settings.ts";

export interface ReportFlags {
  readonly stamp?: boolean;
  readonly linkBase?: string;
}

/** Adds --stamp and --link-base. */
export function addReportOptions(command: Command): Command {
  return command.addOption(stampOption()).addOption(new SettingOption("linkBase"));
}

export function stampOption(): Option {
  return new Option("--stamp", "the report names the time it was written").helpGroup(settings.linkBase.group);
}

/** What a report says about itself. */
export function aboutReport({ stamp = false, linkBase }: ReportFlags): About {
  const commandLine = ["portolan", ...process.argv.slice(2).map(quoteWord)].join(" ");
  const date = stamp ? new Date().toISOString().replace(/\.\d+Z$/, "Z") : undefined;
  return { version: portolanVersion(), commandLine, date, linkBase };
}
