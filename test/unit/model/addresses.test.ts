import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cidrContains, parseCidr, parseIp, specialRange } from "../../../src/model/address.ts";

/** What ParseIPSloppy and ParseCIDRSloppy of k8s.io/utils/net read a text as; empty where they refuse it. */
const go = JSON.parse(readFileSync(new URL("go-addresses.json", import.meta.url), "utf8")) as [
  text: string,
  ip: string,
  cidr: string,
][];

/** An IPv4-mapped network is read by Go as an IPv6 one that behaves as IPv4; no API server stores it. */
const isMappedNetwork = (text: string): boolean => /^[0:]*:ffff:.*\//i.test(text);

describe("addresses are read as Kubernetes reads them", () => {
  it.each(go)("%j", (text, ip, cidr) => {
    expect(parseIp(text)?.text ?? "").toBe(ip);
    if (!isMappedNetwork(text)) expect(parseCidr(text)?.text ?? "").toBe(cidr);
  });

  it("are those of Node, but for leading zeros, zones and mapped ones", () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.stringMatching(/^[0-9a-f:.]{1,20}$/),
      fc.tuple(fc.ipV6(), fc.ipV4()).map(([six, four]) => `${six.split(":").slice(0, 3).join(":")}::${four}`),
    );
    fc.assert(
      fc.property(text, (address) => {
        const parsed = parseIp(address);
        const family = { 0: undefined, 4: "ipv4", 6: "ipv6" }[isIP(address) as 0 | 4 | 6];
        const hasZeros = /(^|[.:])0\d+\.|\.0\d+(\.|$)|(^|:)0[0-9a-f]{4,}/.test(address);
        const isMapped = family === "ipv6" && parsed?.family === "ipv4";
        if (!hasZeros && !isMapped) expect(parsed?.family, address).toBe(family);
        if (parsed !== undefined) expect(parseIp(parsed.text)).toEqual(parsed);
      }),
      { numRuns: 3000 },
    );
  });

  it("a network holds its own address and not its neighbour's", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 1, max: 32 }), (address, prefix) => {
        const cidr = parseCidr(`${address}/${prefix}`);
        const ip = parseIp(address);
        if (cidr === undefined || ip === undefined) throw new Error(address);
        expect(cidrContains(cidr, ip)).toBe(true);
        const [first = 0] = ip.text.split(".").map(Number);
        const far = parseIp(`${first ^ 128}.0.0.0`);
        expect(far && cidrContains(cidr, far)).toBe(false);
      }),
    );
  });

  it("knows the ranges that no endpoint may be in", () => {
    const ranges: readonly (readonly [string, string | undefined])[] = [
      ["0.0.0.0", "unspecified"],
      ["0.0.0.1", undefined],
      ["127.8.0.1", "loopback"],
      ["169.254.0.1", "link-local"],
      ["224.0.0.255", "link-local multicast"],
      ["224.0.1.0", undefined],
      ["::", "unspecified"],
      ["::1", "loopback"],
      ["fe80::1", "link-local"],
      ["febf::1", "link-local"],
      ["fec0::1", undefined],
      ["ff02::1", "link-local multicast"],
      ["ff32::1", "link-local multicast"],
      ["ff05::1", undefined],
      ["::ffff:127.0.0.1", "loopback"],
    ];
    for (const [text, range] of ranges) {
      const ip = parseIp(text);
      expect(ip && specialRange(ip), text).toBe(range);
    }
  });
});
