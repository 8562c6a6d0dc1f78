import { describe, expect, it } from "vitest";
import { asked, caseFlags, explain, refusal, stateFlags } from "./ask-packet.ts";

describe("how a packet comes to the node", () => {
  it.each([
    ["192.0.2.10", "node"],
    ["127.0.0.1", "node"],
    ["10.0.1.99", "pod"],
    ["10.0.2.99", "outside"],
    ["203.0.113.9", "outside"],
  ])("from %s alone: %s", async (from, entry) => {
    expect((await explain([...asked(from, "10.96.0.20:80"), ...stateFlags])).packet).toMatchObject({ from, entry });
  });

  it("--entry stands over that", async () => {
    const { packet } = await explain([...asked("203.0.113.9", "10.96.0.20:80"), "--entry", "pod", ...stateFlags]);
    expect(packet.entry).toBe("pod");
  });

  it.each([
    ["pod/shop/web-a", { from: "10.0.1.5", entry: "pod", fromName: "pod shop/web-a" }],
    ["pod/shop/web-b", { from: "10.0.2.6", entry: "outside", fromName: "pod shop/web-b" }],
    ["pod/tools/shell", { from: "10.0.1.77", entry: "pod", fromName: "pod tools/shell" }],
    ["node", { from: "192.0.2.10", entry: "node", fromName: "node node1" }],
  ])("from %s", async (from, packet) => {
    expect((await explain([...asked(from, "10.96.0.20:80"), ...stateFlags])).packet).toMatchObject(packet);
  });

  it("internet is a documentation address that no node or pod has", async () => {
    const { packet } = await explain([...asked("internet", "10.96.0.20:80"), ...stateFlags]);
    expect(packet).toMatchObject({ from: "198.51.100.8", entry: "outside" });
    const { packet: v6 } = await explain([...asked("internet", "[fd00:96::20]:80"), ...stateFlags]);
    expect(v6.from).toBe("2001:db8::7");
  });

  it("of an address of which nothing tells whether a pod has it, that is said", async () => {
    const { assumptions } = await explain([...asked("10.0.1.5", "10.96.0.50:80"), ...caseFlags("affinity-clientip")]);
    expect(assumptions.join()).toContain("10.0.1.5 is assumed to be outside the node");
  });
});

describe("what a packet is sent to", () => {
  it("a Service is its cluster IP of the family of the source", async () => {
    const v4 = await explain([...asked("10.0.1.77", "svc/shop/web"), ...stateFlags]);
    expect(v4.packet).toMatchObject({ to: "10.96.0.20:80", service: "shop/web:http", protocol: "tcp" });
    const v6 = await explain([...asked("fd00:1::99", "svc/shop/web:80"), ...stateFlags]);
    expect(v6.packet.to).toBe("[fd00:96::20]:80");
    expect(v6.outcomes[0]).toMatchObject({ destination: "[fd00:1::5]:8080", pod: "shop/web-a", podNode: "node1" });
  });

  it("a port may be told by its protocol", async () => {
    const { packet } = await explain([...asked("10.0.1.77", "svc/shop/dns:53"), "--proto", "udp", ...stateFlags]);
    expect(packet).toMatchObject({ to: "10.96.0.53:53", protocol: "udp", service: "shop/dns:dns" });
  });

  it.each([
    [
      "svc/shop/dns",
      "shop/dns has several ports: dns (53/UDP), dns-tcp (53/TCP), metrics (9153/TCP); choose one, as in svc/shop/dns:dns",
    ],
    ["svc/shop/dns:53", "choose one, as in --proto"],
    ["svc/shop/dns:54", "shop/dns has no port 54; it has: dns (53/UDP), dns-tcp (53/TCP), metrics (9153/TCP)"],
    ["svc/shop/db", "shop/db is headless"],
    ["svc/shop/mail", "shop/mail is an ExternalName Service"],
    ["svc/shop/wbe", "there is no Service shop/wbe; did you mean shop/web?"],
    ["svc/default/web", "there is no Service default/web; did you mean shop/web?"],
    ["[fd00:96::20]:80", "an IPv4 source cannot send to fd00:96::20"],
  ])("%s is refused", async (to, message) => {
    const { code, stderr } = await refusal([...asked("10.0.1.77", to), ...stateFlags]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("a Service without a cluster IP of the source's family is refused", async () => {
    const { code, stderr } = await refusal([...asked("fd00:1::5", "svc/shop/dns:metrics"), ...stateFlags]);
    expect(stderr).toContain("the source uses IPv6, but the cluster IP of shop/dns is IPv4");
    expect(code).toBe(2);
  });

  it("a pod that is not there is refused, with the nearest", async () => {
    const { code, stderr } = await refusal([...asked("pod/shop/web-x", "10.96.0.20:80"), ...stateFlags]);
    expect(stderr).toMatch(/the address of pod shop\/web-x is unknown; did you mean shop\/web-[ab]\?/);
    expect(code).toBe(2);
  });

  it.each(["10.96.0.20", "svc/web", "10.96.0.20:99999", "example.com:80", "svc/a/b/c"])(
    "--to %s is usage",
    async (to) => {
      expect((await refusal([...asked("node", to), ...stateFlags])).code).toBe(2);
    },
  );
});
