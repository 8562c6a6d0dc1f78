import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { compileInto } from "./compile-folder.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";
import { addresses, buildLab, type HostName, type Lab, stopLab } from "./traffic/topology.ts";

const reason = whyNoKernel(["ip", "nsenter", "unshare", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const manifest = (name: string) => readFileSync(new URL(`traffic/${name}`, import.meta.url), "utf8");
const workspace = mkdtempSync(join(tmpdir(), "portolan-traffic-"));
afterAll(() => rmSync(workspace, { recursive: true }));

/** Runs apply.sh on both nodes, each compiled for itself. */
function program(lab: Lab, backend: Backend): void {
  const tools = makeToolFolder(join(workspace, `tools-${backend}`), backend);
  for (const node of ["node1", "node2"] as const) {
    const out = join(workspace, backend, node);
    compileInto(out, { cluster: manifest("cluster.yaml"), configuration: manifest("kube-proxy.yaml"), node });
    const env = { ...process.env, PATH: `${tools}:${process.env.PATH}`, XTABLES_LOCKFILE: join(out, "lock") };
    lab[node].run(["sh", join(out, "apply.sh")], { env });
  }
}

const families = [
  { family: "IPv4", at: 0, clusterIP: (last: number) => `10.96.0.${last}`, vip: "203.0.113.50" },
  { family: "IPv6", at: 1, clusterIP: (last: number) => `fd00:10:96::${last}`, vip: "2001:db8:cafe::50" },
] as const;
const protocols = ["tcp", "udp"] as const;
const services = { web: 10, local: 20, nobody: 30, sticky: 40 } as const;

/** A refusal over TCP may come only with the first repeated SYN, after a second. */
const patience = 4000;
const impatience = 400;

describe.each<Backend>(["legacy", "nft"])("iptables-%s", skipFor(reason), (backend) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await buildLab();
    program(lab, backend);
  }, 60_000);
  afterAll(() => {
    if (lab !== undefined) stopLab(lab);
  });

  describe.each(families)("$family", ({ at, clusterIP, vip }) => {
    describe.each(protocols)("%s", (protocol) => {
      // The client has two addresses, so it always says which.
      const call = (from: HostName, host: string, port: number, more: { source?: string; patience?: number } = {}) =>
        lab[from].call({
          protocol,
          host,
          port,
          patience,
          source: from === "client" ? ip("client") : undefined,
          ...more,
        });
      const repeat = async (times: number, from: HostName, host: string, port: number) =>
        [...new Set(await Promise.all(Array.from({ length: times }, () => call(from, host, port))))].sort();
      const ip = (name: keyof typeof addresses) => addresses[name][at] as string;
      const inner = (node: "node1" | "node2") => addresses[node][at + 2] as string;

      test("a pod reaches both endpoints by the cluster IP, its address kept", async () => {
        expect(await repeat(24, "a2", clusterIP(services.web), 80)).toEqual([`a1 ${ip("a2")}`, `b1 ${ip("a2")}`]);
      });

      test("a node reaches both endpoints by the cluster IP", async () => {
        const seen = await repeat(24, "node1", clusterIP(services.web), 80);
        expect(seen).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("node1")}`]);
      });

      test("a pod that reaches itself is masqueraded, and only then", async () => {
        const seen = await repeat(24, "a1", clusterIP(services.web), 80);
        expect(seen).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("a1")}`]);
      });

      test("external traffic to a cluster IP is masqueraded", async () => {
        const seen = await repeat(24, "client", clusterIP(services.web), 80);
        expect(seen).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("node1")}`]);
      });

      test.each(["node1", "node2"] as const)(
        "from outside the node, port of %s leads to both endpoints",
        async (node) => {
          const seen = await repeat(24, "client", ip(node), 30080);
          const isHere = node === "node1";
          expect(seen).toEqual([`a1 ${isHere ? inner(node) : ip(node)}`, `b1 ${isHere ? ip(node) : inner(node)}`]);
        },
      );

      test("a pod reaches both endpoints by a node port", async () => {
        const seen = await repeat(24, "a2", ip("node1"), 30080);
        expect(seen).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("node1")}`]);
      });

      if (at === 0)
        test("a node reaches its node ports by its loopback address", async () => {
          const seen = await repeat(24, "node1", "127.0.0.1", 30080);
          expect(seen).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("node1")}`]);
        });

      test("externalTrafficPolicy Local keeps the client's address, and drops where no endpoint is", async () => {
        const [here, elsewhere] = await Promise.all([
          repeat(6, "client", ip("node1"), 30090),
          call("client", ip("node2"), 30090, { patience: impatience }),
        ]);
        expect({ here, elsewhere }).toEqual({ here: [`a1 ${ip("client")}`], elsewhere: "timeout" });
      });

      test("without endpoints every way in is refused", async () => {
        const outcomes = await Promise.all([
          call("a2", clusterIP(services.nobody), 80),
          call("node1", clusterIP(services.nobody), 80),
          call("client", clusterIP(services.nobody), 80),
          call("client", ip("node2"), 30070),
        ]);
        expect(outcomes).toEqual(["refused", "refused", "refused", "refused"]);
      });

      test("session affinity keeps to one endpoint", async () => {
        // One after the other: the first packet decides for those that follow.
        const seen = new Set<string>();
        for (let round = 0; round < 12; round += 1) seen.add(await call("a2", clusterIP(services.sticky), 80));
        expect([...seen]).toEqual([expect.stringMatching(/^(a1|b1) /)]);
      });

      test("a load balancer's source ranges admit one client and drop others", async () => {
        const [admitted, stranger, pod] = await Promise.all([
          repeat(12, "client", vip, 80),
          call("client", vip, 80, { source: ip("stranger"), patience: impatience }),
          call("a2", vip, 80, { patience: impatience }),
        ]);
        expect(admitted).toEqual([`a1 ${inner("node1")}`, `b1 ${ip("node1")}`]);
        expect({ stranger, pod }).toEqual({ stranger: "timeout", pod: "timeout" });
      });
    });
  });
});
