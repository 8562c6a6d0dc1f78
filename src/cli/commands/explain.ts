import { Command, Option } from "commander";
import { Failure } from "../../app/effects.ts";
import type { ExplainRequest } from "../../app/explain/compile-state.ts";
import type { ExplainResult } from "../../app/explain.ts";
import { hasState } from "../../app/requests.ts";
import { printableJson } from "../../diagnostics/printable.ts";
import type { ChainGraph } from "../../explain/chain/chain-graph.ts";
import type { Drawing } from "../../report/explain/graph.ts";
import { exitCodes } from "../exit-codes.ts";
import { actualOption } from "../flags.ts";
import { addHostPortOptions, addStateOptions, colorOption, drawingOption, isDrawing } from "../state-flags.ts";
import type { ColorFlag, Terminal } from "../terminal/terminal.ts";

interface ExplainFlags extends Omit<ExplainRequest, "draws">, ColorFlag {
  readonly namespace: string;
  /** -A: a rule in quotes looks like a flag with a value. */
  readonly A?: string;
  readonly output?: "text" | "json" | Drawing;
  readonly rules?: boolean;
}

/** `portolan explain`. Words with a meaning of their own, such as `packet`, are subcommands. */
export function explainCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("explain")
    .summary("explain an object, an address, a chain, a set, a rule or a diagnostic")
    .description(
      "Shows the rules of an object on a node and what is not generated for it, whose an address is, the owner and " +
        "callers of a chain, what a set or map holds, what a rule or element does and where it comes from, why iptables-restore refuses a line, or what a " +
        "diagnostic means. Without an argument, says what each Service of a state does, as tour does; without a state, lists the diagnostics.",
    )
    // Flags after the name of a subcommand belong to that subcommand.
    .enablePositionalOptions()
    .showHelpAfterError("(a rule is one argument: put it in quotes)")
    .argument(
      "[what]",
      "TYPE/NS/NAME, the NAME of a Service, ADDRESS[:PORT], a chain, set or map (with its table before it: 'ip " +
        "kube-proxy services'), a rule, an element or another line in quotes, FILE:LINE, what iptables-restore says " +
        "of a line, or a diagnostic",
    )
    .argument("[name]", "the object's name, if only the type or the table is given first");
  return addHostPortOptions(addStateOptions(command, { isRequired: false }))
    .addOption(new Option("--all-nodes", "explain for every Node").conflicts("node"))
    .addOption(new Option("-n, --namespace <name>", "namespace of the object, if its name has none").default("default"))
    .addOption(new Option("-A <rule>", "a rule: '-A CHAIN ...' in quotes"))
    .addOption(actualOption("explain this host instead"))
    .option("--rules", "list the rules of an object too (-o json always has them)")
    .addOption(drawingOption("the chains"))
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (what: string | undefined, object: string | undefined, flags: ExplainFlags) => {
      const isTour = what === undefined && flags.A === undefined && hasState(flags) && flags.actual === undefined;
      finish(isTour ? await runTourOf(flags, command) : await runExplain({ what, name: object }, flags));
    });
}

/** Without a question, all Services of a state are explained. */
async function runTourOf({ namespace, output, ...flags }: ExplainFlags, command: Command): Promise<number> {
  if (isDrawing(output)) throw new Failure(`-o ${output} draws one object: pass its TYPE/NAME`, "usage");
  const { runTour } = await import("./tour.ts");
  const isNarrow = command.getOptionValueSource("namespace") === "cli";
  return runTour({
    ...flags,
    ...(isNarrow ? { namespace: [namespace] } : {}),
    ...(output === undefined ? {} : { output }),
  });
}

async function runExplain(
  { what, name }: { readonly what: string | undefined; readonly name: string | undefined },
  flags: ExplainFlags,
): Promise<number> {
  const [{ explain }, { openTerminal }] = await Promise.all([
    import("../../app/explain.ts"),
    import("../terminal/terminal.ts"),
  ]);
  const terminal = openTerminal(flags);
  const { A: rule, namespace, output } = flags;
  const draws = isDrawing(output);
  const result = await explain({ what, name, rule, namespace }, { ...flags, draws }, terminal.effects);
  terminal.print(await renderResult(result, flags, terminal));
  return exitCodes.fine;
}

async function renderResult(result: ExplainResult, flags: ExplainFlags, terminal: Terminal): Promise<string> {
  switch (result.kind) {
    case "codes":
      return (await import("../../report/explain/documents.ts")).listCodes();
    case "code":
      return (await import("../../report/explain/documents.ts")).explainCode(result.code);
    case "explained":
      return renderAnswer(result, flags, terminal);
  }
}

async function renderAnswer(
  { answer, sourceOf }: Extract<ExplainResult, { kind: "explained" }>,
  { output = "text", rules = false }: ExplainFlags,
  { paint }: Terminal,
): Promise<string> {
  const [{ explanationDocument, graphsOf, renderExplanation }, { drawings }] = await Promise.all([
    import("../../report/explain/explanation.ts"),
    import("../../report/explain/graph.ts"),
  ]);
  switch (output) {
    case "json":
      return `${printableJson(explanationDocument(answer, sourceOf), 2)}\n`;
    case "text":
      return renderExplanation(answer, { sourceOf, strong: (words) => paint("bold", words), listsRules: rules });
    default:
      return drawings[output](onlyGraph(graphsOf(answer), output));
  }
}

function onlyGraph(graphs: readonly ChainGraph[], output: string): ChainGraph {
  const [graph, another] = graphs;
  if (another !== undefined) {
    throw new Failure(`-o ${output}: the nodes differ, and a graph shows one: pass --node`, "usage");
  }
  if (graph === undefined || graph.nodes.length === 0) {
    throw new Failure(`-o ${output}: there is nothing to draw; see -o text for the reason`, "invalid-input");
  }
  return graph;
}

function examples(name: string): string {
  return `
Examples:
  # what a Service does on node1, and what is not generated there; its rules too
  $ ${name} explain service/shop/web -f cluster.yaml --node node1
  $ ${name} explain service/shop/web -f cluster.yaml --node node1 --rules

  # the same where one Service has this name; whose an address is; the rules to a pod
  $ ${name} explain web -f cluster.yaml --node node1
  $ ${name} explain 10.96.0.10:80 --actual node1.save
  $ ${name} explain pod/shop/web-1 -f cluster.yaml --node node1

  # what is wrong in a line that iptables-restore refused, and whose it is
  $ ${name} explain 'iptables-restore: line 7 failed' --actual rules.txt
  $ ${name} explain rules.txt:7

  # the owner of a chain, in the state or on a node
  $ ${name} explain KUBE-SEP-B5S4JQA5W4Z4GWGF -f cluster.yaml --node node1
  $ ${name} explain KUBE-SEP-B5S4JQA5W4Z4GWGF --actual node1.save

  # the same in nftables: a chain, a map, an element, a chain of another program
  $ ${name} explain nat-prerouting -f cluster.yaml --mode nftables --node node1
  $ ${name} explain service-ips --actual ruleset.txt
  $ ${name} explain '10.96.0.10 . tcp . 80' --actual ruleset.txt
  $ ${name} explain 'inet firewalld filter_INPUT' --actual ruleset.txt

  # what a rule does, and where it comes from
  $ ${name} explain iptables.restore:42 -f cluster.yaml --node node1
  $ ${name} explain '-A KUBE-SERVICES -d 10.96.0.10/32 ...' -f cluster.yaml

  # a graph of the path to the endpoints
  $ ${name} explain service/shop/web -f cluster.yaml --node node1 -o mermaid
  $ ${name} explain service/shop/web -f cluster.yaml --node node1 -o svg > web.svg

  # what a diagnostic means
  $ ${name} explain node-port-taken

Exit codes: 0 success, 2 usage, 3 input invalid or not found in it, 4 environment.
`;
}
