import { type Command, InvalidArgumentError, Option } from "commander";
import { mostReplicas, type Scale } from "../simulate/options.ts";
import { SettingOption } from "./settings.ts";

/** By commander's attribute names: with one of these flags, the input is simulated. */
const ofSimulation = ["nodes", "podCidr", "serviceCidr", "fail", "scale"];

/** Adds the options of the simulation. */
export function addSimulateOptions(command: Command): Command {
  return command
    .hook("preAction", (_, action) => {
      const isFlag = (name: string): boolean => action.getOptionValueSource(name) === "cli";
      if (action.getOptionValue("simulate") === false && isFlag("simulate") && ofSimulation.some(isFlag))
        action.error("error: --no-simulate cannot be combined with options of the simulation");
    })
    .addOption(new SettingOption("nodes"))
    .addOption(new SettingOption("podCidr"))
    .addOption(new SettingOption("serviceCidr"))
    .addOption(
      new Option("--fail <name>", "a Node or Pod that is down; repeatable").argParser(appendName).implies(isSimulated),
    )
    .addOption(
      new Option("--scale <name=count>", "replicas of a workload; repeatable")
        .argParser(appendScale)
        .implies(isSimulated),
    );
}

const isSimulated = { simulate: true };

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
