import { Command, InvalidArgumentError, Option } from "commander";
import type { ExplainPacketRequest } from "../../app/explain-packet.ts";
import { isAddress, parseTarget, printTarget } from "../../datapath/address-set.ts";
import { escapeControls, printableJson } from "../../diagnostics/printable.ts";
import { type Expectation, parseExpectation } from "../../explain/packet/expectation.ts";
import type { PacketExplanation } from "../../explain/packet/packet-explanation.ts";
import {
  type PacketSource,
  type PacketTarget,
  parsePacketSource,
  parsePacketTarget,
  targetForms,
} from "../../explain/packet/question.ts";
import type { Drawing } from "../../report/explain/graph.ts";
import { exitCodes } from "../exit-codes.ts";
import { actualOption, notEmpty } from "../flags.ts";
import { addHostPortOptions, addStateOptions, colorOption, drawingOption } from "../state-flags.ts";
import type { ColorFlag, Terminal } from "../terminal/terminal.ts";

interface ExplainPacketFlags extends ExplainPacketRequest, ColorFlag {
  readonly output?: "text" | "json" | Drawing;
}

/** `explain packet`. The action loads what it needs. */
export function explainPacketCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("packet")
    .summary("trace a packet through the rules of a node")
    .description(
      "Evaluates the first packet of a connection against the rules of a node, and shows hop by hop which rule matches, " +
        "which object the rule comes from, and where the packet goes, with exact percentages for random load balancing.",
    );
  return addHostPortOptions(addStateOptions(addPacketOptions(command), { isRequired: false }))
    .addOption(actualOption("use the rules of this host, and -f only for names"))
    .addOption(
      new Option("--node-address <ip>", "an address of the node, if the dump has none; repeatable").argParser(
        nodeAddress,
      ),
    )
    .addOption(drawingOption("the way"))
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: ExplainPacketFlags) => {
      finish(await runExplainPacket(flags));
    });
}

/** Adds the options that describe the packet and its expected outcome. */
function addPacketOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--from <source>", "pod/NAMESPACE/NAME, node, internet, or an address")
        .argParser(source)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--to <target>", `${targetForms}; from the internet, a Service is reached by its other addresses`)
        .argParser(target)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--proto <protocol>", "default: the service port's, or tcp; icmp: a ping, without a port").choices([
        "tcp",
        "udp",
        "sctp",
        "icmp",
      ]),
    )
    .addOption(
      new Option("--entry <entry>", "how the packet reaches the node; default: derived from its source").choices([
        "outside",
        "pod",
        "node",
      ]),
    )
    .addOption(new Option("--interface <name>", "the incoming interface, if rules match on it").argParser(notEmpty))
    .addOption(
      new Option("--out-interface <name>", "the outgoing interface; default: by the routes of the dump").argParser(
        notEmpty,
      ),
    )
    .addOption(
      new Option("--state <state>", "conntrack state of its connection")
        .choices(["new", "established", "related", "invalid"])
        .default("new"),
    )
    .addOption(new Option("--mark <mark>", "initial packet mark, such as 0x4000").argParser(mark).default(0, "0"))
    .addOption(
      new Option("--remembered <endpoint>", "ADDRESS:PORT of the client's endpoint by session affinity").argParser(
        endpoint,
      ),
    )
    .addOption(
      new Option(
        "--expect <outcome>",
        "exit with 1 for any other result: '10.0.1.5:8080 50% | 10.0.2.6:8080 50%, masqueraded', or rejected, ...",
      ).argParser(expectation),
    );
}

async function runExplainPacket(flags: ExplainPacketFlags): Promise<number> {
  const [{ explainPacketOn }, { openTerminal }] = await Promise.all([
    import("../../app/explain-packet.ts"),
    import("../terminal/terminal.ts"),
  ]);
  const terminal = openTerminal(flags);
  const { explanation, unmet } = await explainPacketOn(flags, terminal.effects);
  terminal.print(await renderWay(explanation, flags, terminal));
  if (unmet === undefined) return exitCodes.fine;
  terminal.warn(`${escapeControls(`expected: ${flags.expect?.text}`)}\ngot:      ${escapeControls(unmet)}\n`);
  return exitCodes.different;
}

async function renderWay(
  explanation: PacketExplanation,
  { output = "text" }: ExplainPacketFlags,
  { paint }: Terminal,
): Promise<string> {
  const [{ drawings }, { renderPacket }, { wayGraph }] = await Promise.all([
    import("../../report/explain/graph.ts"),
    import("../../report/explain/packet-text.ts"),
    import("../../report/explain/packet-way-graph.ts"),
  ]);
  switch (output) {
    case "json":
      return `${printableJson(explanation, 2)}\n`;
    case "text":
      return renderPacket(explanation, (text) => paint("bold", text));
    default:
      return drawings[output](wayGraph(explanation));
  }
}

function examples(name: string): string {
  return `
Examples:
  # the path from a pod to a Service on node1, rule by rule
  $ ${name} explain packet --from pod/shop/web-1 --to svc/shop/api:http -f cluster.yaml --node node1

  # an external client and a node port, with the actual rules of the node
  $ ${name} explain packet --from internet --to 192.0.2.10:30080 --actual node1.txt

  # how a client on the internet reaches a Service: load balancer, external IPs, node port
  $ ${name} explain packet --from internet --to svc/shop/web -f cluster.yaml --node node1

  # a name as pods use it, a node port on the node itself, a ping
  $ ${name} explain packet --from pod/shop/web-1 --to http://api.shop/ -f cluster.yaml --node node1
  $ ${name} explain packet --from node --to localhost:30080 --actual node1.txt
  $ ${name} explain packet --from node --to 10.96.0.10 --proto icmp --actual node1.txt

  # in a test: connections from this address are dropped
  $ ${name} explain packet --from 203.0.113.9 --to 192.0.2.10:30080 -f cluster.yaml --expect dropped

What --expect takes: delivered, rejected, dropped, untouched or ADDRESS:PORT,
each with a share and with masqueraded or source kept if that matters; several
with | between them; masqueraded or source kept of all after a comma. Where a
Service is reached by several addresses, each must meet it.

Exit codes: 0 success, 1 not as expected, 2 usage, 3 input invalid, 4 environment.
`;
}

function source(text: string): PacketSource {
  const parsed = parsePacketSource(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("Write it as pod/NAMESPACE/NAME, node, internet, or an address.");
}

function target(text: string): PacketTarget {
  const parsed = parsePacketTarget(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError(`Write it as ${targetForms}.`);
}

function nodeAddress(text: string, previous: readonly string[] | undefined): readonly string[] {
  if (!isAddress(text)) throw new InvalidArgumentError("It is not an IP address.");
  return [...(previous ?? []), text];
}

function endpoint(text: string): string {
  const parsed = parseTarget(text);
  if (parsed !== undefined) return printTarget(parsed);
  throw new InvalidArgumentError("Write it as ADDRESS:PORT or [ADDRESS]:PORT.");
}

function expectation(text: string): Expectation {
  const parsed = parseExpectation(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("Write it as '10.0.1.5:8080 50% | 10.0.2.6:8080 50%, masqueraded', or rejected.");
}

function mark(text: string): number {
  const value = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : Number.NaN;
  if (value <= 0xffffffff) return value;
  throw new InvalidArgumentError("Write it as a number of 32 bits, such as 0x4000.");
}
