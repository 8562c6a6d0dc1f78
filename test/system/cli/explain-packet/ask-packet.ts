import { join } from "node:path";
import { expect } from "vitest";
import type { PacketExplanation } from "../../../../src/explain/packet/packet-explanation.ts";
import { workspace } from "../../../harness/run-cli.ts";
import { explainInProcess } from "../../../harness/run-in-process.ts";
import { packetState } from "./packet-states.ts";

const golden = new URL("../../../../golden/", import.meta.url).pathname;
const state = join(workspace({ "state.yaml": packetState }), "state.yaml");
/** The state of packetState, seen from node1. */
export const stateFlags = ["-f", state, "--node", "node1"];

/** The state of a golden case. */
export const caseFlags = (name: string): readonly string[] => ["-f", join(golden, name, "cluster.yaml")];

export const asked = (from: string, to: string): readonly string[] => ["--from", from, "--to", to];

/** What `-o json` says; throws where it says nothing. */
export async function explain(args: readonly string[]): Promise<PacketExplanation> {
  const { stdout, stderr, code } = await explainInProcess([...args, "-o", "json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** How a question is refused: nothing may be on stdout. */
export async function refusal(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const { stdout, stderr, code } = await explainInProcess(args);
  expect(stdout).toBe("");
  return { code, stderr };
}
