import { Command, Option } from "commander";
import type { ExplainFlags } from "../commands/explain.ts";
import { notEmpty } from "./option-values.ts";
import { addStateOptions, colorOption, drawingOption } from "./state-flags.ts";

/** `portolan explain`. What begins with a word of its own, such as `packet`, is a subcommand. */
export function explainCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("explain")
    .summary("explain an object, a chain, a set, a rule or a diagnostic")
    .description(
      "Shows the rules of an object on a node and what is not generated for it, the owner and callers of a chain, what a " +
        "rule does and where it comes from, or what a diagnostic means. Without an argument, lists the diagnostics.",
    )
    // So that flags after the name of a subcommand are that command's.
    .enablePositionalOptions()
    .showHelpAfterError("(a rule is one argument: put it in quotes)")
    .argument("[what]", "TYPE/NS/NAME, a chain, a set, a line in quotes, FILE:LINE of compiled text, or a diagnostic")
    .argument("[name]", "the object's name, if only the type is given first");
  return addStateOptions(command, { isRequired: false })
    .addOption(new Option("--all-nodes", "explain for every Node").conflicts("node"))
    .addOption(new Option("-n, --namespace <name>", "namespace of the object, if its name has none").default("default"))
    .addOption(new Option("-A <rule>", "a rule: '-A CHAIN ...' in quotes"))
    .addOption(
      new Option(
        "--actual <file>",
        "explain this dump instead: output of iptables-save or collect; - for standard input",
      ).argParser(notEmpty),
    )
    .addOption(drawingOption("the chains"))
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (what: string | undefined, object: string | undefined, flags: ExplainFlags) => {
      const { runExplain } = await import("../commands/explain.ts");
      finish(await runExplain({ what, name: object }, flags));
    });
}

function examples(name: string): string {
  return `
Examples:
  # every rule of a Service on node1, and what is not generated there
  $ ${name} explain service/shop/web -f cluster.yaml --node node1

  # the owner of a chain, in the state or on a node
  $ ${name} explain KUBE-SEP-B5S4JQA5W4Z4GWGF -f cluster.yaml --node node1
  $ ${name} explain KUBE-SEP-B5S4JQA5W4Z4GWGF --actual node1.save

  # what a rule does, and where it comes from
  $ ${name} explain iptables.restore:42 -f cluster.yaml --node node1
  $ ${name} explain '-A KUBE-SERVICES -d 10.96.0.10/32 ...' -f cluster.yaml

  # a graph of the path to the endpoints
  $ ${name} explain service/shop/web -f cluster.yaml --node node1 -o mermaid

  # what a diagnostic means
  $ ${name} explain node-port-taken

Exit codes: 0 success, 2 usage, 3 input invalid or not found in it, 4 environment.
`;
}
