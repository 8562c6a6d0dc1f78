import { Command, InvalidArgumentError, Option } from "commander";
import {
  type PacketSource,
  type PacketTarget,
  parsePacketSource,
  parsePacketTarget,
} from "../review/explain/packet/question.ts";
import type { ExplainPacketFlags } from "./commands/explain-packet.ts";
import { addStateOptions, colorOption, notEmpty } from "./state-flags.ts";

/** `explain packet`. The action loads what it needs. */
export function explainPacketCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("packet")
    .summary("say where a packet goes on a node, rule by rule")
    .description(
      "Sends the first packet of a connection through the rules of a node, and says hop by hop which rule took it, " +
        "what that rule is there for, and where the packet ends, with exact shares where chance decides.",
    )
    .addOption(
      new Option("--from <source>", "pod/NAMESPACE/NAME, node, internet, or an address")
        .argParser(source)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--to <target>", "svc/NAMESPACE/NAME[:PORT], or ADDRESS:PORT").argParser(target).makeOptionMandatory(),
    )
    .addOption(new Option("--proto <protocol>", "default: the service port's, or tcp").choices(["tcp", "udp", "sctp"]))
    .addOption(
      new Option("--entry <entry>", "how it comes to the node; default: by its address").choices([
        "outside",
        "pod",
        "node",
      ]),
    )
    .addOption(
      new Option("--interface <name>", "the interface it comes in by, where rules ask for it").argParser(notEmpty),
    )
    .addOption(
      new Option("--state <state>", "of its connection")
        .choices(["new", "established", "related", "invalid"])
        .default("new"),
    )
    .addOption(new Option("--mark <mark>", "the mark it comes with, such as 0x4000").argParser(mark).default(0, "0"));
  return addStateOptions(command, { isRequired: false })
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]))
    .addOption(colorOption())
    .action(async (flags: ExplainPacketFlags) => {
      const { runExplainPacket } = await import("./commands/explain-packet.ts");
      finish(await runExplainPacket(flags));
    });
}

function source(text: string): PacketSource {
  const parsed = parsePacketSource(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("Write it as pod/NAMESPACE/NAME, node, internet, or an address.");
}

function target(text: string): PacketTarget {
  const parsed = parsePacketTarget(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("Write it as svc/NAMESPACE/NAME[:PORT], ADDRESS:PORT or [ADDRESS]:PORT.");
}

function mark(text: string): number {
  const value = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : Number.NaN;
  if (value <= 0xffffffff) return value;
  throw new InvalidArgumentError("Write it as a number of 32 bits, such as 0x4000.");
}
