import { type Command, InvalidArgumentError, Option } from "commander";
import { quoteWord } from "../languages/shell.ts";
import type { About } from "../report/about.ts";
import { portolanVersion } from "./exit-codes.ts";

export interface ReportFlags {
  readonly stamp?: boolean;
  readonly linkBase?: string;
}

const heading = "Options for html and markdown:";

/** Adds --stamp and --link-base. */
export function addReportOptions(command: Command): Command {
  const help = "link places to the files there, such as https://git.example/team/repo/blob/main";
  return command
    .addOption(stampOption())
    .addOption(new Option("--link-base <url>", help).helpGroup(heading).argParser(linkBase));
}

export function stampOption(): Option {
  return new Option("--stamp", "the report names the time it was written").helpGroup(heading);
}

function linkBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new InvalidArgumentError("Write it as https://HOST/PATH.");
  return url.href;
}

/** What a report says about itself. */
export function aboutReport({ stamp = false, linkBase }: ReportFlags): About {
  const commandLine = ["portolan", ...process.argv.slice(2).map(quoteWord)].join(" ");
  const date = stamp ? new Date().toISOString().replace(/\.\d+Z$/, "Z") : undefined;
  return { version: portolanVersion(), commandLine, date, linkBase };
}
