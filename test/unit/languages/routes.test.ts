import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../src/languages/routes.ts";

/** As iproute2 6.1 prints them, for one host. */
const plain = `default via 192.0.2.1 dev eth0 linkdown 
default dev eth1 scope link metric 500 
10.5.0.0/16 via inet6 2001:db8::5 dev eth0 
10.7.0.0/16 proto static 
	nexthop via 192.0.2.3 dev eth0 weight 1 
	nexthop via 192.0.3.4 dev eth1 weight 1 
10.8.0.0/16 
	nexthop via 192.0.2.3 dev eth0 weight 1 
	nexthop via 192.0.2.4 dev eth0 weight 1 
blackhole 10.244.0.64/26 proto bird 
10.244.0.65 dev cali1 scope link 
10.244.1.0/24 dev eth1 scope link metric 50 
10.244.1.0/24 via 192.0.2.11 dev eth0 
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2 
`;

const json = JSON.stringify([
  { dst: "default", gateway: "192.0.2.1", dev: "eth0", flags: ["linkdown"] },
  { dst: "default", dev: "eth1", scope: "link", metric: 500, flags: [] },
  { dst: "10.5.0.0/16", via: { family: "inet6", host: "2001:db8::5" }, dev: "eth0", flags: [] },
  {
    dst: "10.7.0.0/16",
    protocol: "static",
    nexthops: [
      { gateway: "192.0.2.3", dev: "eth0", weight: 1 },
      { gateway: "192.0.3.4", dev: "eth1", weight: 1 },
    ],
  },
  {
    dst: "10.8.0.0/16",
    nexthops: [
      { gateway: "192.0.2.3", dev: "eth0", weight: 1 },
      { gateway: "192.0.2.4", dev: "eth0", weight: 1 },
    ],
  },
  { type: "blackhole", dst: "10.244.0.64/26", protocol: "bird", flags: [] },
  { dst: "10.244.0.65", dev: "cali1", scope: "link" },
  { dst: "10.244.1.0/24", dev: "eth1", scope: "link", metric: 50 },
  { dst: "10.244.1.0/24", gateway: "192.0.2.11", dev: "eth0" },
  { dst: "192.0.2.0/24", dev: "eth0", protocol: "kernel", scope: "link", prefsrc: "192.0.2.2" },
]);

describe("parseRoutes", () => {
  it.each([
    ["ip route", plain],
    ["ip -j route", json],
  ])("%s: a device for each network, by the lowest metric", (_, text) => {
    expect(parseRoutes(text)?.map(({ network, device }) => `${network} ${device}`)).toEqual([
      "0.0.0.0/0 eth0",
      "10.5.0.0/16 eth0",
      "10.7.0.0/16 undefined",
      "10.8.0.0/16 eth0",
      "10.244.0.64/26 undefined",
      "10.244.0.65 cali1",
      "10.244.1.0/24 eth0",
      "192.0.2.0/24 eth0",
    ]);
    expect(parseRoutes(text)?.[0]).toEqual({ network: "0.0.0.0/0", device: "eth0", gateway: "192.0.2.1" });
  });

  it.each([
    ["default via 2001:db8::1 dev eth0 metric 1024 pref medium\nfd00::/64 dev eth1 metric 1024 pref medium\n"],
    [
      JSON.stringify([
        { dst: "default", gateway: "2001:db8::1", dev: "eth0", metric: 1024, pref: "medium" },
        { dst: "fd00::/64", dev: "eth1", metric: 1024, pref: "medium" },
      ]),
    ],
  ])("ip -6 route: %s", (text) => {
    expect(parseRoutes(text)?.map(({ network, device }) => `${network} ${device}`)).toEqual([
      "::/0 eth0",
      "fd00::/64 eth1",
    ]);
  });

  it.each(["", "[]", "\n"])("%j has no routes", (text) => {
    expect(parseRoutes(text)).toEqual([]);
  });

  it.each(["[", "hello", "*nat"])("%j are no routes", (text) => {
    expect(parseRoutes(text)).toBeUndefined();
  });
});
