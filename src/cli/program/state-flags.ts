import { type Command, InvalidArgumentError, Option } from "commander";
import { isOnPath, kustomizePrefix } from "../../host/files/find-source.ts";
import type { Family } from "../../model/address.ts";
import type { PortRange } from "../../model/check-clashes.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { ColorChoice } from "../../report/diagnostics.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { addLiveOptions, type LiveFlags } from "./live-flags.ts";
import { notEmpty } from "./option-values.ts";
import { addSimulateOptions, type SimulateFlags } from "./simulate-flags.ts";

/** What every command that reads cluster state takes. */
export interface StateFlags extends LiveFlags, SimulateFlags {
  /** Undefined with --live, and for commands that do not need state. */
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly proxyConfig?: string;
  readonly overlay?: readonly string[];
  readonly node?: string;
  readonly mode?: ProxyMode;
  readonly family?: Family | "dual";
  readonly serviceNodePortRange?: PortRange;
  readonly color: ColorChoice;
}

/** Adds what says where state comes from. `isRequired`: without state there is nothing to do. */
export function addSourceOptions(command: Command, { isRequired = true } = {}): Command {
  command
    .addOption(filenameOption())
    .addOption(new Option("-k, --kustomize <dir>", "output of kubectl kustomize for a directory; used like -f"))
    .hook("preAction", (_, action) => takeKustomize(action, isRequired))
    .option("-R, --recursive", "read the subdirectories of -f too")
    .addOption(proxyConfigOption());
  return addLiveOptions(command);
}

/** Adds these options to a command. */
export function addStateOptions(command: Command, { isRequired = true } = {}): Command {
  addSourceOptions(command, { isRequired }).addOption(overlayOption());
  addNodeOptions(command).option(
    "--simulate",
    "complete plain manifests as a cluster would: addresses, ports, endpoints",
  );
  return addSimulateOptions(command);
}

/** Adds what says for which node to compile, and how. */
export function addNodeOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--node <name>", "the node to compile for; not needed when the input has one Node").argParser(
        notEmpty,
      ),
    )
    .addOption(
      new Option("--mode <mode>", "kube-proxy's mode; default: the configuration's").choices(["iptables", "ipvs"]),
    )
    .addOption(
      new Option("--family <family>", "default: the families the Node and the Services use").choices([
        "ipv4",
        "ipv6",
        "dual",
      ]),
    )
    .option("--service-node-port-range <range>", "the API server's node port range (default: 30000-32767)", portRange);
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
    "file, directory, - for standard input, or git:REF[:PATH]; repeatable",
  ).argParser(collect);
}

export function proxyConfigOption(): Option {
  return new Option(
    "--proxy-config <file>",
    "KubeProxyConfiguration; replaces the ConfigMap kube-system/kube-proxy of the input",
  );
}

/** `-k DIR` becomes one more `-f`; one of them there has to be where there is nothing to do without. */
function takeKustomize(command: Command, isRequired: boolean): void {
  const { filename, kustomize } = command.opts<{ filename?: readonly string[]; kustomize?: string }>();
  if (kustomize !== undefined) {
    if (!isOnPath("kubectl"))
      throw new CommandFailure(
        "-k needs kubectl, which is not on the PATH; install it or pass -f",
        exitCodes.environment,
      );
    // Those of a subcommand come by here for both.
    command.setOptionValue("kustomize", undefined);
    command.setOptionValue("filename", [...(filename ?? []), `${kustomizePrefix}${kustomize}`]);
  } else if (isRequired && !hasState(command.opts<StateFlags>())) {
    command.error("error: no input: pass -f FILE or --live");
  }
}

/** Whether the flags name any cluster state. */
export function hasState({ filename, live }: Pick<StateFlags, "filename" | "live">): boolean {
  return filename !== undefined || live === true;
}

export function colorOption(): Option {
  return new Option("--color <when>", "colour of messages").choices(["auto", "always", "never"]).default("auto");
}

/** `-o` of a command that can also draw what it says. */
export function drawingOption(drawn: string): Option {
  const help = `default: text; mermaid and dot draw ${drawn}`;
  return new Option("-o, --output <format>", help).choices(["text", "json", "mermaid", "dot"]);
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

function portRange(text: string): PortRange {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (!(range.first >= 1 && range.first <= range.last && range.last <= 65_535)) {
    throw new InvalidArgumentError("Write it as FIRST-LAST, such as 30000-32767.");
  }
  return range;
}

/** The families that --family asks for; undefined: nobody asked. */
export function wantedFamilies(family: StateFlags["family"]): readonly Family[] | undefined {
  return family === undefined ? undefined : family === "dual" ? ["ipv4", "ipv6"] : [family];
}
