import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cidr, parseCidr } from "../model/address.ts";
import { mostReplicas, type Scale } from "../simulate/options.ts";

/** Adds the options of the simulation. */
export function addSimulateOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--nodes <count>", "simulated Nodes, if the input has none (default: 3)").argParser(nodeCount),
    )
    .addOption(
      new Option("--pod-cidr <ranges>", "ranges of simulated pods, one per family (default: 10.244.0.0/16)").argParser(
        ranges,
      ),
    )
    .addOption(
      new Option("--service-cidr <ranges>", "ranges of simulated cluster IPs (default: 10.96.0.0/16)").argParser(
        ranges,
      ),
    )
    .addOption(new Option("--fail <name>", "a Node or Pod that is down; repeatable").argParser(appendName))
    .addOption(new Option("--scale <name=count>", "replicas of a workload; repeatable").argParser(appendScale));
}

const mostNodes = 5000;

function nodeCount(text: string): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostNodes) return count;
  throw new InvalidArgumentError(`Write a number from 1 to ${mostNodes}.`);
}

/** `10.96.0.0/16` or `10.96.0.0/16,fd00:10:96::/112`, as the API server takes them. */
function ranges(text: string): readonly Cidr[] {
  const cidrs = text.split(",").map((part) => {
    const cidr = parseCidr(part.trim());
    if (cidr === undefined) throw new InvalidArgumentError(`${part.trim()} is not a CIDR such as 10.96.0.0/16.`);
    return cidr;
  });
  const families = new Set(cidrs.map(({ family }) => family));
  if (families.size < cidrs.length) throw new InvalidArgumentError("Pass at most one range per family.");
  return cidrs;
}

function appendName(text: string, previous: readonly string[] | undefined): readonly string[] {
  if (text.trim() === "") throw new InvalidArgumentError("It is empty.");
  return [...(previous ?? []), text];
}

function appendScale(text: string, previous: readonly Scale[] | undefined): readonly Scale[] {
  const [, name, count] = /^([^=]+)=(\d{1,6})$/.exec(text) ?? [];
  const replicas = Number(count);
  if (name === undefined || !(replicas <= mostReplicas)) {
    throw new InvalidArgumentError("Write it as NAME=COUNT, such as shop/web=5.");
  }
  return [...(previous ?? []), { name, replicas }];
}
