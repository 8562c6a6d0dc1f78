import { expect } from "vitest";
import type { EvaluatedHost } from "../../../src/datapath/host.ts";
import type { Outcome } from "../../../src/datapath/packet.ts";
import type { TextPart } from "../../../src/ir/artifact.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { endsOf } from "../../harness/naive/same-ends.ts";

/** A host out of texts that may be anything. */
export function hostOf(
  rules: string | readonly TextPart[],
  sets = "",
  servers = "",
  local = ["10.0.0.1"],
): EvaluatedHost {
  const part = (text: string) => [{ file: "text", text }];
  const iptables = typeof rules === "string" ? part(rules) : rules;
  return readEvaluatedHost(
    { iptables, ip6tables: iptables, ipset: part(sets), ipvs: part(servers), serviceAddresses: local },
    { nodeAddresses: ["192.0.2.10"], podRanges: ["10.0.0.0/8"] },
  );
}

/** For one source and any answers, what comes of all packets is all packets. */
export function checkSums(outcomes: readonly Outcome[], bits: 32 | 128): void {
  for (const source of [0n, 0x0a000001n, 0x0a000002n, (1n << BigInt(bits)) - 1n]) {
    for (const turn of [0, 1, 2]) {
      const questions = [...new Set(outcomes.flatMap(({ assumptions }) => assumptions.map(({ what }) => what)))];
      const answers = new Map(questions.map((what, at) => [what, turn === 2 ? at % 2 === 0 : turn === 1]));
      const parts = [...endsOf(outcomes, source, answers).values()].map((text) => text.split("/").map(BigInt));
      const [numerator, denominator] = parts.reduce(
        ([a = 0n, b = 1n], [c = 0n, d = 1n]) => [a * d + c * b, b * d],
        [0n, 1n],
      );
      expect(numerator).toBe(denominator);
    }
  }
}
