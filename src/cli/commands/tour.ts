import { Command, Option } from "commander";
import type { TourRequest } from "../../app/tour.ts";
import { printableJson } from "../../diagnostics/printable.ts";
import type { Tour } from "../../tour/tour.ts";
import { exitCodes } from "../exit-codes.ts";
import { addNarrowOptions } from "../narrow-flags.ts";
import { aboutReport, stampOption } from "../report-flags.ts";
import { addStateOptions, colorOption } from "../state-flags.ts";
import type { ColorFlag, Terminal } from "../terminal/terminal.ts";

export interface TourFlags extends TourRequest, ColorFlag {
  readonly output?: "text" | "json" | "html" | "svg";
  readonly stamp?: boolean;
}

/** `portolan tour`, with its flags and help. */
export function tourCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("tour")
    .summary("say in words what each Service does")
    .description(
      "Says of every Service on which addresses it answers, who can reach it and how, which source address its pods " +
        "see, where its traffic ends, and what check finds about it. Packets are followed through the compiled rules.",
    );
  addNarrowOptions(addStateOptions(command));
  const node = command.options.find(({ long }) => long === "--node");
  if (node !== undefined)
    node.description = "as seen from this node; default: from all nodes, which are told apart where they differ";
  return command
    .option("--rules", "show the rules of each Service too, those of one node")
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json", "html", "svg"]))
    .addOption(stampOption())
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: TourFlags) => {
      finish(await runTour(flags));
    });
}

/** Returns the exit code. */
export async function runTour(flags: TourFlags): Promise<number> {
  const [{ tourState }, { openTerminal }] = await Promise.all([
    import("../../app/tour.ts"),
    import("../terminal/terminal.ts"),
  ]);
  const terminal = openTerminal(flags);
  terminal.print(await renderTour(await tourState(flags, terminal.effects), flags, terminal));
  return exitCodes.fine;
}

async function renderTour(tour: Tour, flags: TourFlags, { paint }: Terminal): Promise<string> {
  switch (flags.output ?? "text") {
    case "text":
      return (await import("../../report/tour/text.ts")).printTour(tour, paint);
    case "json":
      return `${printableJson(tour, 2)}\n`;
    case "html":
      return (await import("../../report/tour/html.ts")).printTourPage(tour, aboutReport(flags));
    case "svg":
      return (await import("../../report/tour/picture.ts")).drawTour(tour);
  }
}

function examples(name: string): string {
  return `
Examples:
  # what the manifests of a directory would do in a cluster
  $ ${name} tour -R -f deploy

  # the running cluster, one namespace of it
  $ ${name} tour --live -n shop

  # a page to read, a picture for a document
  $ ${name} tour -f cluster.yaml -o html > tour.html
  $ ${name} tour -f cluster.yaml -o svg > tour.svg

  # the rules too
  $ ${name} tour -f cluster.yaml --service shop/web --node node1 --rules

explain without an argument does the same for a state.

Exit codes: 0 success, 2 usage, 3 input invalid, 4 environment.
`;
}
