import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everything, nearShare, sameShare, share, total } from "../../../src/datapath/share.ts";
import { compile } from "../../../src/index.ts";
import { clusterIpOf, makeState } from "../../harness/cluster-objects.ts";
import { tracedHost, tracePacket } from "../../harness/trace.ts";

/** The outcomes of a packet from a pod to the cluster IP of the first Service. */
function outcomes(endpoints: number) {
  const { script } = compile(makeState({ services: 1, endpoints }), { node: "node1" });
  const rules = script?.steps.filter(({ file }) => file?.startsWith("iptables.")) ?? [];
  const text = rules.map(({ stdin }) => new TextDecoder().decode(stdin)).join("");
  const host = tracedHost({ rules: { ipv4: text, ipv6: "" }, nodeAddresses: ["192.0.2.10"] });
  return tracePacket(host, {
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
        expect(sameShare(total(shares), everything)).toBe(true);
        for (const each of shares) expect(nearShare(each, share(1, endpoints), endpoints)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});
