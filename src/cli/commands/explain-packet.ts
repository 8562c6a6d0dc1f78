import { escapeControls } from "../../diagnostics/printable.ts";
import type { ConnectionState, Entry, Protocol } from "../../evaluate/packet.ts";
import { explainPacket } from "../../review/explain/packet/explain-packet.ts";
import type { PacketSource, PacketTarget } from "../../review/explain/packet/question.ts";
import { isRefusal } from "../../review/explain/packet/refusal.ts";
import { resolvePacket } from "../../review/explain/packet/resolve-packet.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { compiledHost } from "../explained-state.ts";
import { startProgress } from "../progress.ts";
import type { StateFlags } from "../state-flags.ts";

export interface ExplainPacketFlags extends Omit<StateFlags, "filename"> {
  readonly filename?: readonly string[];
  readonly from: PacketSource;
  readonly to: PacketTarget;
  readonly proto?: Protocol;
  readonly entry?: Entry;
  readonly interface?: string;
  readonly state: Lowercase<ConnectionState>;
  readonly mark: number;
  readonly output?: "text" | "json";
}

/** `portolan explain packet`. */
export async function runExplainPacket(flags: ExplainPacketFlags): Promise<number> {
  const { filename } = flags;
  if (filename === undefined) throw new CommandFailure("say what to explain: -f STATE", exitCodes.usage);
  const progress = startProgress(process.stderr);
  const { explained, surroundings } = await compiledHost({ ...flags, filename }, progress.tell);
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
  if (isRefusal(resolved)) throw new CommandFailure(escapeControls(resolved.refused), exitCodes.usage);
  const explanation = explainPacket(explained, resolved);
  progress.end();
  process.stdout.write(`${JSON.stringify(explanation, null, 2)}\n`);
  return exitCodes.fine;
}
