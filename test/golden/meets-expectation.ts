import { nearShare } from "../../src/datapath/share.ts";
import type { TracedOutcome } from "../harness/trace.ts";
import type { ExpectedOutcome } from "./packet-table.ts";

/** Whether a distribution is the expected one: the same ends, each with its share and, where written, its source. */
export function meetsExpectation(outcomes: readonly TracedOutcome[], expected: readonly ExpectedOutcome[]): boolean {
  if (outcomes.length !== expected.length) return false;
  return expected.every((each) => outcomes.some((outcome) => meets(outcome, each, expected.length)));
}

function meets({ share, verdict }: TracedOutcome, expected: ExpectedOutcome, count: number): boolean {
  if (verdict.kind !== expected.kind) return false;
  if (verdict.kind === "delivered") {
    if (verdict.address !== expected.to?.address || verdict.port !== expected.to.port) return false;
  }
  const masqueraded = "masqueraded" in verdict && verdict.masqueraded;
  if (expected.masqueraded !== undefined && expected.masqueraded !== masqueraded) return false;
  // Each endpoint before this one may have rounded its threshold by one.
  return nearShare(share, expected.share, count);
}
