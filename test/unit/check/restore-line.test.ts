import { describe, expect, it } from "vitest";
import { checkRestoreLine } from "../../../src/check/text/restore-line.ts";

const text = `*filter
:KUBE-SERVICES - [0:0]
-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
-A KUBE-SERVICES -p tcp -j MASQUERADE
COMMIT
*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-BBBBBBBBBBBBBBBB - [0:0]
-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES stray
-A KUBE-SERVICES -j KUBE-SVC-BBBBBBBBBBBBBBBB
-X KUBE-SVC-BBBBBBBBBBBBBBBB
COMMIT
`;

const faultsAt = (line: number): readonly string[] =>
  (checkRestoreLine(text, line)?.faults ?? []).map((fault) => `${fault.line}: ${fault.message}`);

describe("checkRestoreLine", () => {
  it.each([
    [3, [/^3: the rule needs set KUBE-CLUSTER-IP/]],
    [4, [/^4: MASQUERADE is valid only in table nat/]],
    [9, [/^9: jump target KUBE-SVC-AAAAAAAAAAAAAAAA does not exist in table nat/]],
    [10, [/^10: stray word stray/]],
    [11, []],
    [12, [/^11: chain KUBE-SVC-BBBBBBBBBBBBBBBB cannot be deleted: a rule of KUBE-SERVICES jumps to it/]],
  ] as const)("line %i", (line, expected) => {
    const found = faultsAt(line);
    expect(found).toHaveLength(expected.length);
    for (const [at, pattern] of expected.entries()) expect(found[at]).toMatch(pattern);
  });

  it("where the kernel refuses the table as a whole, the faults of all its lines", () => {
    expect(faultsAt(5).map((fault) => fault.replace(/: .*/, ""))).toEqual(["4"]);
    expect(faultsAt(13).map((fault) => fault.replace(/: .*/, ""))).toEqual(["9", "10"]);
  });

  it("knows the table of a line, and which lines there are", () => {
    expect(checkRestoreLine(text, 4)?.table).toBe("filter");
    expect(checkRestoreLine(text, 12)?.table).toBe("nat");
    expect(checkRestoreLine(text, 14)).toBeUndefined();
  });
});
