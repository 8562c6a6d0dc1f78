import { describe, expect, test } from "vitest";
import { share } from "../../src/datapath/share.ts";
import { meetsExpectation } from "./meets-expectation.ts";
import { intendedShare, parsePackets } from "./packet-table.ts";

describe("parsePackets", () => {
  test("reads every part of a line", () => {
    const { lines, problems } = parsePackets(
      "# why\n\nexternal 198.51.100.7 via eth0 -> [fd00::1]:80/UDP => 10.0.1.5:8080 50% masqueraded | reject 50%, source kept # so\n",
    );
    expect(problems).toEqual([]);
    expect(lines[0]).toMatchObject({
      line: 3,
      packet: {
        entry: "outside",
        inInterface: "eth0",
        source: "198.51.100.7",
        destination: "fd00::1",
        port: 80,
        protocol: "udp",
      },
      expected: [
        { kind: "delivered", to: { address: "10.0.1.5", port: 8080 }, share: share(1, 2), masqueraded: true },
        { kind: "rejected", share: share(1, 2), masqueraded: false },
      ],
    });
  });

  test.each([
    "pod 10.0.1.9 10.96.0.1:80/TCP => drop",
    "pod 10.0.1.900 -> 10.96.0.1:80/TCP => drop",
    "pod 10.0.1.9 -> 10.96.0.1/TCP => drop",
    "pod 10.0.1.9 -> 10.96.0.1:80/TCP => lost",
    "pod 10.0.1.9 -> 10.96.0.1:80/TCP => 10.0.1.5:80 | 10.0.1.6:80",
    "pod 10.0.1.9 -> 10.96.0.1:80/TCP => 10.0.1.5:80 50% | 10.0.1.6:80 40%",
    "pod 10.0.1.9 -> 10.96.0.1:80/TCP => drop, maybe",
  ])("refuses %s", (line) => {
    expect(parsePackets(line).problems).toHaveLength(1);
  });

  test.each([
    ["50", 1, 2],
    ["33.3", 1, 3],
    ["33", 1, 3],
    ["16.7", 1, 6],
    ["12.5", 1, 8],
    ["66.7", 2, 3],
    ["100", 1, 1],
  ])("%s%% means %d/%d", (percent, numerator, denominator) => {
    expect(intendedShare(percent)).toEqual(share(numerator, denominator));
  });
});

describe("meetsExpectation", () => {
  const outcomes = [
    {
      share: share(715827883, 2 ** 31),
      verdict: { kind: "delivered", address: "10.0.1.5", port: 80, masqueraded: false },
    },
    { share: share(2 ** 31 - 715827883, 2 ** 31), verdict: { kind: "dropped" } },
  ] as const;
  test.each([
    ["10.0.1.5:80 33.3% | drop 66.7%", true],
    ["10.0.1.5:80 33.3% source kept | drop 66.7%", true],
    ["10.0.1.5:80 33.3% masqueraded | drop 66.7%", false],
    ["10.0.1.5:81 33.3% | drop 66.7%", false],
    ["10.0.1.5:80 34% | drop 66%", false],
    ["10.0.1.5:80 33.3% | reject 66.7%", false],
    ["drop", false],
  ])("%s", (text, met) => {
    const { lines } = parsePackets(`pod 10.0.1.9 -> 10.96.0.1:80/TCP => ${text}`);
    expect(meetsExpectation(outcomes, lines[0]?.expected ?? [])).toBe(met);
  });
});
