import { Command, InvalidArgumentError, Option } from "commander";
import { nearestCode, parseCodes } from "../../check/suppress.ts";
import type { Code } from "../../diagnostics/catalog.ts";
import type { CheckFlags } from "../commands/check.ts";
import { addNarrowOptions } from "./narrow-flags.ts";
import { notEmpty } from "./option-values.ts";
import { addStateOptions, colorOption } from "./state-flags.ts";

/** `portolan check`, with its flags and help. */
export function checkCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("check")
    .summary("find mistakes in cluster state or in the rules of a host")
    .description(
      "Finds mistakes that the API server accepts: Services whose selectors match nothing, conflicting ports, " +
        "policies that drop traffic on some nodes, deprecated fields. With --actual, finds faults in " +
        "the rules of a host: unreachable rules, incomplete load balancing, missing chains and sets.",
    );
  addNarrowOptions(addStateOptions(command, { isRequired: false }));
  const node = command.options.find(({ long }) => long === "--node");
  if (node !== undefined) node.description = "check for this node only; default: for every Node";
  return command
    .addOption(new Option("--all-nodes", "check for every Node (the default)").conflicts("node"))
    .addOption(
      new Option(
        "--actual <file>",
        "output of iptables-save, ipset save, ipvsadm -Sn or collect, a folder of compile --out-dir, or -; repeatable",
      ).argParser(appendPath),
    )
    .addOption(
      new Option("-o, --output <format>", "default: text").choices(["text", "json", "junit", "sarif", "github"]),
    )
    .addOption(
      new Option("--fail-on <level>", "exit with 1 if a finding has at least this level")
        .choices(["error", "warning", "info", "never"])
        .default("warning"),
    )
    .addOption(new Option("--suppress <codes>", "hide findings with these codes; repeatable").argParser(appendCodes))
    .option("--baseline <file>", "hide findings that are in this file", notEmpty)
    .option("--write-baseline <file>", "write the findings to this file instead of printing them", notEmpty)
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: CheckFlags) => {
      const { runCheck } = await import("../commands/check.ts");
      finish(await runCheck(flags));
    });
}

function appendPath(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

function appendCodes(value: string, previous: readonly Code[] | undefined): readonly Code[] {
  const { codes, unknown } = parseCodes(notEmpty(value));
  const [first] = unknown;
  if (first === undefined) return [...(previous ?? []), ...codes];
  const near = nearestCode(first);
  throw new InvalidArgumentError(
    `There is no code ${first}. ${near === undefined ? "Run portolan explain for the codes." : `Did you mean ${near}?`}`,
  );
}

function examples(name: string): string {
  return `
Examples:
  # is anything wrong with this cluster?
  $ ${name} check --live
  $ kubectl get svc,endpointslices,nodes,pods -A -o yaml | ${name} check -f -

  # manifests in CI: annotate the pull request, fail on errors only
  $ ${name} check -R -f deploy -o github --fail-on error

  # only the Services of one team
  $ ${name} check --live -l team=payments

  # accept the current findings, and report only new ones
  $ ${name} check -f cluster.yaml --write-baseline baseline.json
  $ ${name} check -f cluster.yaml --baseline baseline.json

  # the rules of a node
  $ ssh node1 sudo iptables-save | ${name} check --actual -

An object with the annotation portolan/suppress: "code,code" has no findings of
these codes. portolan explain CODE describes a code.

Exit codes: 0 success, 1 findings at or above --fail-on, 2 usage, 3 input that
cannot be read, 4 environment.
`;
}
