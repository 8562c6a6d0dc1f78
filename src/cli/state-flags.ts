import { type Command, InvalidArgumentError, Option } from "commander";
import { Failure } from "../app/effects.ts";
import { hasState, type StateRequest } from "../app/requests.ts";
import type { Drawing } from "../report/explain/graph.ts";
import { notEmpty, readDuration } from "./flags.ts";
import { SettingOption, settings } from "./settings.ts";
import { addSimulateOptions } from "./simulate-flags.ts";
import type { ColorFlag } from "./terminal/terminal.ts";

/** The options of every command that reads cluster state. */
export type StateFlags = StateRequest & ColorFlag;

/** Adds the options that name the state. `isRequired`: the command cannot run without state. */
export function addSourceOptions(command: Command, { isRequired = true } = {}): Command {
  // A command with arguments of its own takes no paths besides.
  if (command.registeredArguments.length === 0) command.allowExcessArguments().hook("preAction", takePaths);
  command
    .addOption(filenameOption())
    .addOption(new Option("-k, --kustomize <dir>", "output of kubectl kustomize for a directory; used like -f"))
    .hook("preAction", (_, action) => takeKustomize(action, isRequired))
    .addOption(new SettingOption("recursive"))
    .addOption(new SettingOption("proxyConfig"));
  return addLiveOptions(command);
}

/** Adds these options to a command. */
export function addStateOptions(command: Command, { isRequired = true } = {}): Command {
  addSourceOptions(command, { isRequired }).addOption(overlayOption());
  addNodeOptions(command)
    .addOption(new SettingOption("simulate"))
    .option(settings.simulate.negation.flags, settings.simulate.negation.description);
  return addSimulateOptions(command);
}

/** Adds the options that select the node and how it is compiled. */
export function addNodeOptions(command: Command): Command {
  return command
    .addOption(new SettingOption("node"))
    .addOption(new SettingOption("mode"))
    .addOption(new SettingOption("kubeProxyVersion"))
    .addOption(new SettingOption("family"))
    .addOption(new SettingOption("serviceNodePortRange"));
}

/** Adds the options that bring the rules for host ports in beside kube-proxy's. */
export function addHostPortOptions(command: Command): Command {
  return command
    .addOption(new SettingOption("hostPorts"))
    .addOption(new SettingOption("cniConfig").implies({ hostPorts: true }));
}

export function overlayOption(): Option {
  return new Option(
    "--overlay <path>",
    "objects that replace those of -f by kind, namespace and name; repeatable",
  ).argParser(collect);
}

export function filenameOption(): Option {
  return new Option(
    "-f, --filename <path>",
    "file, directory, - for standard input, or git:REF[:PATH]; repeatable; -f itself may be left out",
  ).argParser(collect);
}

const pathForm = /\.(?:ya?ml|json)$|\/|^\.{1,2}$|^-$|^git:/;

/** `portolan compile cluster.yaml` is `portolan compile -f cluster.yaml`. */
function takePaths(command: Command, action: Command): void {
  const { args } = action;
  // The arguments of a subcommand pass through here for both commands.
  if (args.length === 0 || action !== command) return;
  const stray = args.find((word) => !pathForm.test(word));
  if (stray !== undefined) action.error(`error: unexpected argument '${stray}': pass cluster state with -f`);
  if (action.getOptionValue("live") === true)
    action.error("error: --live reads no files: leave out --live or the files");
  const filename: readonly string[] = action.getOptionValue("filename") ?? [];
  action.setOptionValue("filename", [...filename, ...args]);
}

/** `-k DIR` adds one more `-f`; at least one of them must be passed if state is required. */
async function takeKustomize(command: Command, isRequired: boolean): Promise<void> {
  const { filename, kustomize } = command.opts<{ filename?: readonly string[]; kustomize?: string }>();
  if (kustomize !== undefined) {
    const { isOnPath, kustomizePrefix } = await import("../host/files/find-source.ts");
    if (!isOnPath("kubectl"))
      throw new Failure("-k needs kubectl, which is not on the PATH; install it or pass -f", "environment");
    // The arguments of a subcommand pass through here for both commands.
    command.setOptionValue("kustomize", undefined);
    command.setOptionValue("filename", [...(filename ?? []), `${kustomizePrefix}${kustomize}`]);
  } else if (isRequired && !hasState(command.opts<StateFlags>())) {
    command.error("error: no input: pass -f FILE or --live");
  }
}

export function colorOption(): Option {
  return new Option("--color <when>", "colour of messages").choices(["auto", "always", "never"]).default("auto");
}

const drawings: readonly Drawing[] = ["mermaid", "dot", "svg"];

/** Whether `-o` draws a graph. */
export function isDrawing(output: string | undefined): output is Drawing {
  return drawings.some((one) => one === output);
}

/** `-o` of a command that can also draw its output. */
export function drawingOption(drawn: string): Option {
  const help = `default: text; mermaid, dot and svg draw ${drawn}`;
  return new Option("-o, --output <format>", help).choices(["text", "json", ...drawings]);
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

const heading = "Options for --live:";

/** Adds --live and its options. */
export function addLiveOptions(command: Command): Command {
  const text = (flags: string, description: string): Option =>
    new Option(flags, description).helpGroup(heading).argParser(notEmpty);
  return command
    .addOption(
      new Option("--live", "read the running cluster that kubectl uses, instead of files").conflicts("filename"),
    )
    .addOption(text("--kubeconfig <file>", "default: KUBECONFIG, ~/.kube/config, or the pod's service account"))
    .addOption(text("--context <name>", "the context of the kubeconfig; default: its current one"))
    .addOption(text("--cluster <name>", "the cluster of the kubeconfig instead of the context's"))
    .addOption(text("--user <name>", "the user of the kubeconfig instead of the context's"))
    .addOption(text("--as <user>", "the user to impersonate"))
    .addOption(
      new Option(
        "--request-timeout <time>",
        "timeout of a list with all its pages, such as 10s; 0: none (default: 30s a page, 5m a list)",
      )
        .helpGroup(heading)
        .argParser(timeout),
    );
}

/** A timeout as kubectl takes it: a bare number is in seconds, and 0 means no limit. */
function timeout(text: string): number {
  const milliseconds = readDuration(text, "s");
  if (milliseconds === undefined) throw new InvalidArgumentError("Write it as a number and a unit, such as 10s.");
  // Timers hold 31 bits.
  return Math.min(milliseconds, 2 ** 31 - 1);
}
