import { describe, expect, it } from "vitest";
import { givenAddresses, parseLinks } from "../../../../src/languages/iproute.ts";

describe("ip -j addr", () => {
  it("gives interfaces with their addresses, and which of them the kernel gave them", () => {
    const link = (name: string): object => ({
      ifname: name,
      addr_info: [{ local: "10.0.0.1" }, { local: "fe80::1", scope: "link" }, { local: "nonsense" }, null, {}],
    });
    const links = parseLinks(JSON.stringify([link("eth0"), { ifname: "lo", link_type: "loopback" }]));
    expect(links).toEqual([
      { name: "eth0", loopback: false, ips: ["10.0.0.1", "fe80::1"], linkLocal: ["fe80::1"] },
      { name: "lo", loopback: true, ips: [], linkLocal: [] },
    ]);
    expect(links?.map(givenAddresses)).toEqual([["10.0.0.1"], []]);
  });

  it.each([
    ["", []],
    ["[]", []],
    ['[null, 1, "eth0"]', []],
    ["{}", undefined],
    ["Cannot open netlink", undefined],
  ])("%j: %j", (json, links) => {
    expect(parseLinks(json)).toEqual(links);
  });
});
