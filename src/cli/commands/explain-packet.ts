import { type Asked, compiledHost } from "../../app/explain/compiled-host.ts";
import { dumpedHost } from "../../app/explain/dumped-host.ts";
import type { ConnectionState, Entry, Protocol } from "../../datapath/packet.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { findRemembered } from "../../explain/packet/affinity.ts";
import { type Expectation, findUnmet } from "../../explain/packet/expectation.ts";
import { type ExplainedHost, explainPacket } from "../../explain/packet/explain-packet.ts";
import type { PacketExplanation } from "../../explain/packet/packet-explanation.ts";
import { isRefusal, type PacketSource, type PacketTarget } from "../../explain/packet/question.ts";
import { type ResolvedPacket, resolvePacket } from "../../explain/packet/resolve-packet.ts";
import { painter } from "../../report/diagnostics.ts";
import { escapeInJson } from "../../report/diff/json.ts";
import { printDot, printMermaid } from "../../report/explain/graph.ts";
import { renderPacket } from "../../report/explain/packet-text.ts";
import { wayGraph } from "../../report/explain/packet-way-graph.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { hasState, type StateFlags } from "../program/state-flags.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";

export interface ExplainPacketFlags extends StateFlags {
  readonly actual?: string;
  readonly nodeAddress?: readonly string[];
  readonly from: PacketSource;
  readonly to: PacketTarget;
  readonly proto?: Protocol;
  readonly entry?: Entry;
  readonly interface?: string;
  readonly state: Lowercase<ConnectionState>;
  readonly mark: number;
  /** `ADDRESS:PORT` in canonical text. */
  readonly remembered?: string;
  readonly expect?: Expectation;
  readonly output?: "text" | "json" | "mermaid" | "dot";
}

/** `portolan explain packet`. */
export async function runExplainPacket(flags: ExplainPacketFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const { explained, surroundings } = await readAsked(flags, progress);
  const resolved = resolvePacket(
    {
      source: flags.from,
      target: flags.to,
      protocol: flags.proto,
      entry: flags.entry,
      inInterface: flags.interface,
      state: flags.state.toUpperCase() as ConnectionState,
      mark: flags.mark,
    },
    surroundings,
  );
  if (isRefusal(resolved)) throw usage(escapeControls(resolved.refused));
  const explanation = explainPacket(explained, withMemory(resolved, flags.remembered, explained));
  progress.end();
  process.stdout.write(printExplanation(explanation, flags));
  const unmet = flags.expect && findUnmet(flags.expect, explanation);
  if (unmet === undefined) return exitCodes.fine;
  process.stderr.write(`${escapeControls(`expected: ${flags.expect?.text}`)}\ngot:      ${escapeControls(unmet)}\n`);
  return exitCodes.different;
}

function readAsked(flags: ExplainPacketFlags, progress: Progress): Promise<Asked> {
  const { actual, nodeAddress } = flags;
  if (actual !== undefined) return dumpedHost({ ...flags, actual }, progress);
  if (nodeAddress !== undefined)
    throw usage("--node-address needs --actual; cluster state has addresses in Node or Host documents");
  if (!hasState(flags)) throw usage("no input: pass -f STATE, --live, or --actual DUMP");
  return compiledHost(flags, progress.tell);
}

/** The same packet from a client that the node remembers. */
function withMemory(resolved: ResolvedPacket, target: string | undefined, { host }: ExplainedHost): ResolvedPacket {
  if (target === undefined) return resolved;
  const remembered = findRemembered(host, target);
  if (remembered !== undefined) return { ...resolved, packet: { ...resolved.packet, remembered } };
  throw usage(
    `no session affinity to ${target}: no rule adds a client to its list, and no virtual server is persistent`,
  );
}

function usage(message: string): CommandFailure {
  return new CommandFailure(message, exitCodes.usage);
}

function printExplanation(explanation: PacketExplanation, { output = "text", color }: ExplainPacketFlags): string {
  switch (output) {
    case "json":
      return `${escapeInJson(JSON.stringify(explanation, null, 2))}\n`;
    case "mermaid":
      return printMermaid(wayGraph(explanation));
    case "dot":
      return printDot(wayGraph(explanation));
    case "text": {
      const paint = painter(process.stdout, color);
      return renderPacket(explanation, (text) => paint("bold", text));
    }
  }
}
