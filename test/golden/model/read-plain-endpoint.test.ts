import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSink, createSubject } from "../../../src/diagnostics/diagnostic.ts";
import { documentPlace } from "../../../src/diagnostics/place.ts";
import { readPlainEndpoint } from "../../../src/model/objects/endpoint-slice.ts";
import { parseSliceEndpoint } from "../../../src/model/objects/parse-endpoint-slice.ts";

const odd = fc.constantFrom(null, undefined, 1, true, "x", "", [], {}, "010.0.0.1", "127.0.0.1", "fd00::1", "UPPER");
const orOdd = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 24, arbitrary: usual }, { weight: 1, arbitrary: odd });

const endpoint = fc.record(
  {
    addresses: orOdd(fc.array(orOdd(fc.ipV4()), { minLength: 1, maxLength: 1 })),
    conditions: orOdd(
      fc.record(
        { ready: orOdd(fc.boolean()), serving: orOdd(fc.boolean()), terminating: orOdd(fc.boolean()) },
        { requiredKeys: [] },
      ),
    ),
    nodeName: orOdd(fc.constantFrom("n1", "node-2.example")),
    zone: orOdd(fc.constant("zone-a")),
    targetRef: orOdd(fc.record({ kind: orOdd(fc.constant("Pod")), name: orOdd(fc.constant("web-1")) })),
  },
  { requiredKeys: ["addresses"] },
);

const extra = fc.record(
  {
    hints: orOdd(fc.record({ forZones: fc.constant([{ name: "zone-a" }]) })),
    hostname: orOdd(fc.constant("web-0")),
    nodename: fc.constant("misspelt"),
  },
  { requiredKeys: [] },
);
const anyEndpoint = fc.oneof(
  { weight: 3, arbitrary: endpoint },
  { weight: 1, arbitrary: fc.tuple(endpoint, extra).map(([usual, more]) => ({ ...usual, ...more })) },
);

describe("the quick reader of endpoints", () => {
  it("says the same as the careful one, or leaves it to that one", () => {
    let plain = 0;
    fc.assert(
      fc.property(anyEndpoint, fc.nat({ max: 99 }), (value, index) => {
        const quick = readPlainEndpoint(value, index, "ipv4");
        if (quick === undefined) return;
        plain += 1;
        const sink = createSink();
        const fields = { value, place: documentPlace(0), report: sink.reporter(createSubject()) };
        expect(parseSliceEndpoint(fields, index, "ipv4")).toEqual(quick);
        expect(sink.diagnostics).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(100);
  });
});
