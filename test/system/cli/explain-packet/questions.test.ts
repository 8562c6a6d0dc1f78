import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PacketExplanation } from "../../../../src/explain/packet/packet-explanation.ts";
import { workspace } from "../../../harness/run-cli.ts";
import { explainInProcess } from "../../../harness/run-in-process.ts";
import { asked, explain, refusal, stateFlags } from "./ask-packet.ts";
import { packetState } from "./packet-states.ts";

/** A Service with every way in, on a node with pods. */
const exposed = `${packetState}---
apiVersion: v1
kind: Service
metadata: {name: gw, namespace: edge}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.30
  externalIPs: [203.0.113.40]
  loadBalancerSourceRanges: [203.0.113.0/24]
  ports:
  - {name: https, port: 443, targetPort: 8443, nodePort: 31443}
status: {loadBalancer: {ingress: [{ip: 203.0.113.200}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: other}
spec: {clusterIP: 10.96.0.31, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: gw-a, namespace: edge, labels: {kubernetes.io/service-name: gw}}
addressType: IPv4
endpoints:
- {addresses: [10.0.1.9], nodeName: node1, targetRef: {kind: Pod, name: gw-1, namespace: edge}}
ports: [{name: https, port: 8443}]
`;
const flags = ["-f", join(workspace({ "state.yaml": exposed }), "state.yaml"), "--node", "node1"];

describe("--to, as people write it", () => {
  it.each([
    ["web.shop.svc.cluster.local:80", { to: "10.96.0.20:80", service: "shop/web:http" }],
    ["web.shop.svc:80", { to: "10.96.0.20:80" }],
    ["web.shop", { to: "10.96.0.20:80" }],
    ["web.shop:http", { to: "10.96.0.20:80" }],
    ["http://web.shop/path?q=1", { to: "10.96.0.20:80" }],
    ["https://gw.edge.svc.cluster.local./", { to: "10.96.0.30:443" }],
    ["http://10.96.0.20/", { to: "10.96.0.20:80" }],
    ["gw", { to: "10.96.0.30:443", service: "edge/gw:https" }],
    ["pod/shop/web-a", { to: "10.0.1.5:8080", toName: "pod shop/web-a" }],
    ["pod/shop/web-b:9090", { to: "10.0.2.6:9090", toName: "pod shop/web-b" }],
    ["node/node2:31443", { to: "198.51.100.7:31443", toName: "node node2" }],
    ["node/node1:31443", { to: "192.0.2.10:31443", toName: "node node1" }],
  ])("%s", async (to, packet) => {
    expect((await explain([...asked("10.0.1.77", to), ...flags])).packet).toMatchObject(packet);
  });

  it("a name without a namespace is looked up in that of the pod that asks", async () => {
    const own = await explain([...asked("pod/shop/web-a", "web"), ...flags]);
    expect(own.packet.to).toBe("10.96.0.20:80");
    const { code, stderr } = await refusal([...asked("10.0.1.77", "web"), ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain("there are several Services web: web.shop, web.other; choose one");
  });

  it("localhost is the node that asks", async () => {
    const { packet } = await explain([...asked("node", "localhost:31443"), ...flags]);
    expect(packet).toMatchObject({ from: "127.0.0.1", to: "127.0.0.1:31443", entry: "node" });
    const { code, stderr } = await refusal([...asked("10.0.1.77", "localhost:31443"), ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain("localhost is the sender itself");
  });

  it.each([
    ["wbe.shop", "there is no Service shop/wbe; did you mean shop/web?"],
    ["a.b.example.com:80", "a.b.example.com is not the name of a Service"],
    ["http://web.shop:81/", "shop/web has no port 81; it has: http (80/TCP)"],
    ["pod/shop/web-x", "the address of pod shop/web-x is unknown; did you mean shop/web-a?"],
    ["pod/tools/shell", "pod tools/shell needs a port, as in pod/tools/shell:80 (or --proto icmp)"],
    ["10.96.0.20", "10.96.0.20 needs a port"],
    ["node/node3:80", "the address of node node3 is unknown"],
  ])("%s is refused", async (to, message) => {
    const { code, stderr } = await refusal([...asked("10.0.1.77", to), ...flags]);
    expect(stderr.replace(/\s+/g, " ")).toContain(message);
    expect(code).toBe(2);
  });
});

describe("from the internet to a Service", () => {
  const ask = [...asked("internet", "svc/edge/gw"), ...flags];
  const waysOf = ({ packet, otherWays = [] }: PacketExplanation): readonly string[] =>
    [packet, ...otherWays.map((way) => way.packet)].map(({ way, to }) => `${way} ${to}`);

  it("asks for each way in", async () => {
    const explanation = await explain(ask);
    expect(waysOf(explanation)).toEqual([
      "load balancer IP 203.0.113.200:443",
      "external IP 203.0.113.40:443",
      "node port 192.0.2.10:31443",
    ]);
    expect(explanation.outcomes.map(({ verdict }) => verdict)).toEqual(["dropped"]);
    expect(explanation.notes?.join()).toContain("edge/gw admits only 203.0.113.0/24 to its load balancer IP");
    expect(explanation.otherWays?.map(({ outcomes }) => outcomes[0]?.destination)).toEqual([
      "10.0.1.9:8443",
      "10.0.1.9:8443",
    ]);
  });

  it("as text, one after the other", async () => {
    const { stdout } = await explainInProcess(ask);
    expect(stdout.match(/^TCP from internet/gm)).toHaveLength(3);
    expect(stdout.match(/^Not evaluated$/gm)).toHaveLength(1);
    expect(stdout.replace(/\s+/g, " ")).toContain("to edge/gw:https (node port 192.0.2.10:31443), from outside");
  });

  it("--expect has to hold for each of them", async () => {
    const { code, stderr } = await explainInProcess([...ask, "--expect", "delivered"]);
    expect(code).toBe(1);
    expect(stderr).toContain("got:      203.0.113.200:443: dropped 100%\n");
    const inside = await explainInProcess([
      ...asked("203.0.113.9", "203.0.113.200:443"),
      ...flags,
      "--expect",
      "delivered",
    ]);
    expect(inside.code).toBe(0);
  });

  it("a Service without a way in is asked at its cluster IP, and that is said", async () => {
    const { packet, notes, otherWays } = await explain([...asked("internet", "svc/shop/web"), ...flags]);
    expect(packet).toMatchObject({ to: "10.96.0.20:80", way: "cluster IP" });
    expect(notes?.join()).toContain("clients outside the cluster cannot reach a cluster IP");
    expect(otherWays).toBeUndefined();
  });
});

describe("--proto icmp", () => {
  const ping = (to: string, ...more: readonly string[]): Promise<PacketExplanation> =>
    explain([...asked("node", to), "--proto", "icmp", ...stateFlags, ...more]);

  it.each([
    ["iptables", "10.96.0.20", "untouched", "no host has this address, and so there is no reply"],
    ["ipvs", "10.96.0.20", "rejected", "the rules reject what is for no port of a Service"],
    ["iptables", "svc/shop/web", "untouched", "kube-proxy handles only 80/TCP there, and no ICMP"],
    ["iptables", "192.0.2.10", "untouched", "192.0.2.10 is an address of node1, which replies itself"],
    ["ipvs", "192.0.2.10", "untouched", "192.0.2.10 is an address of node1, which replies itself"],
  ])("in %s mode, to %s: %s, and why", async (mode, to, verdict, note) => {
    const { packet, outcomes, notes } = await ping(to, "--mode", mode);
    expect(packet.protocol).toBe("icmp");
    expect(packet.to).not.toContain(":");
    expect(outcomes.map((outcome) => outcome.verdict)).toEqual([verdict]);
    expect(notes?.join()).toContain(note);
  });

  it("a pod needs no port", async () => {
    const { packet, notes } = await ping("pod/tools/shell");
    expect(packet.to).toBe("10.0.1.77");
    expect(notes).toBeUndefined();
  });

  it("as text and with an expectation", async () => {
    const args = [...asked("node", "10.96.0.20"), "--proto", "icmp", ...stateFlags, "--expect", "untouched"];
    const { stdout, code } = await explainInProcess(args);
    expect(code).toBe(0);
    expect(stdout).toContain("ICMP echo request from node node1 (192.0.2.10) to 10.96.0.20");
  });
});

describe("a port that a Service does not have", () => {
  it("is named, with those it has", async () => {
    const { notes } = await explain([...asked("10.0.1.77", "10.96.0.20:81"), ...flags]);
    expect(notes).toEqual(["10.96.0.20 is the cluster IP of shop/web, which has no port 81; it has 80/TCP"]);
  });
});
