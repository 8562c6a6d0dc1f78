import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../src/index.ts";
import { parseTables } from "../src/tools/iptables/parse.ts";
import { clusterIpOf, makeState } from "./states.ts";
import { ALL, nearShare, sameShare, share, total } from "./tracer/share.ts";
import { tracePacket } from "./tracer/trace.ts";

const world = { nodeAddresses: ["192.0.2.10"] };

/** The outcomes of a packet from a pod to the cluster IP of the first Service. */
function outcomes(endpoints: number) {
  const { script } = compile(makeState({ services: 1, endpoints }), { node: "node1" });
  const rules = script?.steps.filter(({ file }) => file?.startsWith("iptables.")) ?? [];
  const { tables } = parseTables(rules.map(({ stdin }) => new TextDecoder().decode(stdin)).join(""));
  return tracePacket(tables, world, {
    entry: "pod",
    source: "10.200.0.9",
    destination: clusterIpOf(0),
    protocol: "tcp",
    port: 80,
  });
}

describe("shares", () => {
  it("of any number of endpoints sum to exactly one, each within the kernel's rounding of an equal part", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (endpoints) => {
        const found = outcomes(endpoints);
        expect(found.length).toBe(endpoints);
        const shares = found.map((outcome) => outcome.share);
        expect(sameShare(total(shares), ALL)).toBe(true);
        for (const each of shares) expect(nearShare(each, share(1, endpoints), endpoints)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});
