import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeService, makeSlice, testNode } from "../harness/cluster-objects.ts";
import { skipFor } from "../harness/skip.ts";
import { type Backend, whyNoKernel } from "./needs.ts";
import { openTestNode, type TestNode } from "./test-node.ts";

const reason = whyNoKernel(["nft", "unshare", "nsenter", "ip", "xtables-legacy-multi", "xtables-nft-multi"]);

const nft = ["--mode", "nftables"];

/** A table of another program, with a set, a map and a counter that counts. */
const foreignTable = `table ip foreign {
  set blocked { type ipv4_addr; flags interval; elements = { 198.51.100.0/24, 203.0.113.66 } }
  map ports { type inet_service : verdict; elements = { 22 : accept } }
  chain input { type filter hook input priority filter + 5; policy accept; ip saddr @blocked drop; tcp dport vmap @ports; }
}
`;

describe.each<Backend>(["legacy", "nft"])("nftables mode beside iptables-%s", skipFor(reason), (backend) => {
  let node: TestNode;
  const list = (...what: readonly string[]): string => node.run(["nft", "list", ...what]).stdout;
  const ours = (): readonly string[] =>
    list("tables")
      .split("\n")
      .filter((line) => line.endsWith(" kube-proxy"));

  beforeAll(async () => {
    node = await openTestNode(backend);
    node.run(["ip", "link", "add", "node0", "type", "veth", "peer", "name", "other0"]);
    node.run(["ip", "addr", "add", "192.0.2.10/24", "dev", "node0"]);
    expect(node.run(["nft", "-f", "-"], { input: foreignTable }).stderr).toBe("");
    writeFileSync(node.file("sticky.json"), stickyState(3600, ["10.244.1.5", "10.244.1.6"]));
    writeFileSync(node.file("stickier.json"), stickyState(3600, ["10.244.1.5", "10.244.1.7"]));
    writeFileSync(node.file("shorter.json"), stickyState(60, ["10.244.1.5", "10.244.1.6"]));
  });
  afterAll(() => node?.close());

  test("plan, apply, verify, cleanup: what was there before is there again", () => {
    const foreign = [list("table", "ip", "foreign"), node.foreignLines()];
    expect(node.command("plan", "first", nft)).toMatchObject({ code: 1, stderr: "" });
    expect(node.apply("first", nft)).toMatchObject({ code: 0, stdout: expect.stringContaining("the host matches") });
    expect(node.apply("first", nft)).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(node.command("verify", "first", nft)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("no drift"),
    });
    expect(node.apply("second", nft)).toMatchObject({ code: 0 });
    expect(node.command("verify", "second", nft)).toMatchObject({ code: 0 });
    expect(node.apply("first", nft)).toMatchObject({ code: 0 });
    expect(node.command("cleanup")).toMatchObject({ code: 0 });
    expect(ours()).toEqual([]);
    expect([list("table", "ip", "foreign"), node.foreignLines()]).toEqual(foreign);
  });

  test("verify says what is wrong and whom it hurts, and apply mends it", () => {
    node.apply("first", nft);
    node.run(["nft", "delete", "element", "ip", "kube-proxy", "service-ips", "{ 10.96.0.3 . tcp . 80 }"]);
    node.run(["nft", "insert", "rule", "ip", "kube-proxy", "services", "ip", "daddr", "10.96.0.9", "drop"]);
    const { code, stdout } = node.command("verify", "first", nft);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^missing: 1 map element is missing\n {2}affects shop\/web:http$/m);
    expect(stdout).toContain("- element ip kube-proxy service-ips { 10.96.0.3 . tcp . 80 : goto service-");
    expect(stdout).toMatch(/^extra: 1 rule should not be there\n {2}affects shared base chains$/m);
    expect(stdout).toContain("+ rule ip kube-proxy services ip daddr 10.96.0.9 drop");
    const script = node.command("verify", "first", [...nft, "--fix"]);
    expect(node.run(["sh"], { input: script.stdout })).toMatchObject({ code: 0, stderr: "" });
    expect(node.command("verify", "first", nft)).toMatchObject({ code: 0 });
    node.run(["nft", "flush", "chain", "ip", "kube-proxy", "nat-prerouting"]);
    node.run(["nft", "add", "chain", "ip", "kube-proxy", "filter-input", "{ policy drop; }"]);
    expect(node.command("verify", "first", nft)).toMatchObject({ code: 1 });
    expect(node.apply("first", nft)).toMatchObject({ code: 0 });
    expect(node.command("verify", "first", nft)).toMatchObject({ code: 0 });
  });

  test("empty chains of a live kube-proxy are no drift, and go with the next change", () => {
    node.apply("first", nft);
    const stale = "service-AAAAAAAA-shop/gone/tcp/http";
    node.run(["nft", "add", "chain", "ip", "kube-proxy", stale]);
    expect(node.command("verify", "first", nft)).toMatchObject({ code: 0 });
    expect(node.apply("first", nft)).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(node.apply("second", nft)).toMatchObject({ code: 0 });
    expect(list("table", "ip", "kube-proxy")).not.toContain(stale);
  });

  test("clients stay with their endpoints", () => {
    const clients = () =>
      [...list("table", "ip", "kube-proxy").matchAll(/198\.51\.100\.\d+(?= (?:timeout|expires))/g)].join();
    const remember = (endpoint: string, client: string) => {
      const set = new RegExp(`affinity-\\S*__${endpoint}/8080`).exec(list("table", "ip", "kube-proxy"))?.[0] ?? "";
      const added = node.run(["nft", "add", "element", "ip", "kube-proxy", set, `{ ${client} }`]);
      expect(added.stderr).toBe("");
    };
    node.apply("sticky", nft);
    remember("10.244.1.5", "198.51.100.1");
    remember("10.244.1.6", "198.51.100.2");
    expect(node.command("verify", "sticky", nft)).toMatchObject({ code: 0 });
    expect(node.apply("stickier", nft)).toMatchObject({ code: 0 });
    expect(clients(), "those of an endpoint that is gone are gone").toBe("198.51.100.1");
    node.run(["nft", "add", "chain", "ip", "kube-proxy", "filter-input", "{ policy drop; }"]);
    expect(node.apply("stickier", nft), "the table is made anew").toMatchObject({ code: 0 });
    expect(clients()).toBe("198.51.100.1");
    expect(node.apply("shorter", nft), "sets with another timeout are made anew").toMatchObject({ code: 0 });
    expect(clients()).toBe("");
    expect(node.command("verify", "shorter", nft)).toMatchObject({ code: 0 });
  });

  test("apply.sh keeps them as well", () => {
    node.command("cleanup");
    const script = (state: string): void => {
      expect(node.command("compile", state, [...nft, "--out-dir", node.file(state)])).toMatchObject({ code: 0 });
      expect(node.run(["sh", node.file(`${state}/apply.sh`)])).toMatchObject({ code: 0, stderr: "" });
      expect(node.command("verify", state, nft)).toMatchObject({ code: 0 });
    };
    script("sticky");
    const [set = ""] = /affinity-\S*__10.244.1.5\/8080/.exec(list("table", "ip", "kube-proxy")) ?? [];
    node.run(["nft", "add", "element", "ip", "kube-proxy", set, "{ 198.51.100.1 }"]);
    node.run(["nft", "insert", "rule", "ip", "kube-proxy", "services", "ip", "daddr", "10.96.0.9", "drop"]);
    node.run(["nft", "flush", "map", "ip", "kube-proxy", "service-ips"]);
    script("sticky");
    expect(list("set", "ip", "kube-proxy", set)).toContain("198.51.100.1 expires");
    node.run(["nft", "delete", "table", "ip", "kube-proxy"]);
    node.run([
      "nft",
      "add",
      "table",
      "ip",
      "kube-proxy",
      "{ chain nat-prerouting { type filter hook input priority 0; } }",
    ]);
    script("shorter");
  });

  test.each([
    ["iptables", "nftables"],
    ["nftables", "iptables"],
  ])("from mode %s to %s: nothing of the other stays", (from, to) => {
    node.command("cleanup");
    expect(node.apply("first", ["--mode", from])).toMatchObject({ code: 0 });
    expect(node.apply("first", ["--mode", to])).toMatchObject({ code: 0 });
    expect(node.command("verify", "first", ["--mode", to])).toMatchObject({ code: 0 });
    expect(ours().length > 0).toBe(to === "nftables");
    expect(/KUBE-SERVICES/.test(node.run(["iptables-save"]).stdout)).toBe(to === "iptables");
  });
});

function stickyState(timeoutSeconds: number, endpoints: readonly string[]): string {
  const service = makeService("web", {
    clusterIP: "10.96.0.3",
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds } },
    ports: [{ name: "http", port: 80 }],
  });
  return JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [testNode, service, makeSlice("web", { endpoints, nodeOf: () => "node2" })],
  });
}
