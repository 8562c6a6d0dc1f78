import { describe, expect, it } from "vitest";
import { parseLinks } from "../../../../src/languages/iproute.ts";

describe("ip -j addr", () => {
  it("gives interfaces with their addresses, without the link-local one of kube-ipvs0", () => {
    const link = (name: string): object => ({
      ifname: name,
      addr_info: [{ local: "10.0.0.1" }, { local: "fe80::1", scope: "link" }, { local: "nonsense" }, null, {}],
    });
    expect(
      parseLinks(
        JSON.stringify([link("eth0"), link("kube-ipvs0"), { ifname: "lo", link_type: "loopback" }]),
        "kube-ipvs0",
      ),
    ).toEqual([
      { name: "eth0", loopback: false, ips: ["10.0.0.1", "fe80::1"] },
      { name: "kube-ipvs0", loopback: false, ips: ["10.0.0.1"] },
      { name: "lo", loopback: true, ips: [] },
    ]);
  });

  it.each([
    ["", []],
    ["[]", []],
    ['[null, 1, "eth0"]', []],
    ["{}", undefined],
    ["Cannot open netlink", undefined],
  ])("%j: %j", (json, links) => {
    expect(parseLinks(json, "kube-ipvs0")).toEqual(links);
  });
});
