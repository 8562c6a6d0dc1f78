import { describe, expect, it } from "vitest";
import { compile } from "../../../src/index.ts";

/** Compiles Pods of node1, and gives portmap's lines of a chain or table. */
function linesOf(pods: readonly object[], plugin: object, file = "hostports.restore"): readonly string[] {
  const { script } = compile([node, ...pods, configurationOf(plugin)], { hostPorts: true });
  const step = script?.steps.find((one) => one.file === file);
  return step === undefined ? [] : new TextDecoder().decode(step.stdin).split("\n");
}

const node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  spec: { podCIDR: "10.0.1.0/24" },
  status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
};

function configurationOf(plugin: object): object {
  const entry = { type: "portmap", capabilities: { portMappings: true }, ...plugin };
  return { apiVersion: "portolan/v1alpha1", kind: "HostPortConfiguration", metadata: { name: "x" }, plugin: entry };
}

function podOf(name: string, ports: readonly object[], { spec = {}, status = {}, annotations = {} } = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", annotations },
    spec: { nodeName: "node1", containers: [{ name: "main", ports }], ...spec },
    status: { phase: "Running", podIP: "10.0.1.5", ...status },
  };
}

const http = { containerPort: 80, hostPort: 8080 };

/** The pods that have an entry rule, in order. */
function mappedPods(pods: readonly object[], plugin: object = {}): readonly string[] {
  const entries = linesOf(pods, plugin).filter((line) => line.startsWith("-A CNI-HOSTPORT-DNAT "));
  return entries.map((line) => /id: \\"([^\\"]*)/.exec(line)?.[1] ?? line);
}

describe("the pods whose ports are mapped", () => {
  it.each<[string, object, boolean]>([
    ["running", podOf("web", [http]), true],
    ["pending with an address", podOf("web", [http], { status: { phase: "Pending" } }), true],
    ["of a phase that nobody knows", podOf("web", [http], { status: { phase: "Unknown" } }), true],
    ["succeeded", podOf("web", [http], { status: { phase: "Succeeded" } }), false],
    ["failed", podOf("web", [http], { status: { phase: "Failed" } }), false],
    ["without an address", podOf("web", [http], { status: { podIP: "" } }), false],
    ["with an address that is none", podOf("web", [http], { status: { podIP: "x" } }), false],
    ["of another node", podOf("web", [http], { spec: { nodeName: "node2" } }), false],
    ["in the host's network", podOf("web", [http], { spec: { hostNetwork: true } }), false],
    ["without a host port", podOf("web", [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }]), false],
    ["with a port of an init container", podOf("web", [], { spec: { initContainers: [{ ports: [http] }] } }), false],
  ])("%s: %o", (_, pod, isMapped) => {
    expect(mappedPods([pod])).toEqual(isMapped ? ["shop_web"] : []);
  });

  it("come in the order in which they started, those that did not say last, then by name", () => {
    const at = (name: string, startTime?: string) => podOf(name, [http], { status: { startTime } });
    const pods = [at("d"), at("c"), at("b", "2026-11-20T10:00:02Z"), at("a", "2026-11-20T10:00:03Z")];
    expect(mappedPods(pods)).toEqual(["shop_b", "shop_a", "shop_c", "shop_d"]);
  });

  it("have the ID of their sandbox, where Calico wrote it down", () => {
    const id = "0123456789abcdef".repeat(4);
    const key = "cni.projectcalico.org/containerID";
    expect(mappedPods([podOf("web", [http], { annotations: { [key]: id } })])).toEqual([id]);
    expect(mappedPods([podOf("web", [http], { annotations: { [key]: id.slice(1) } })])).toEqual(["shop_web"]);
  });

  it.each<[string, object, boolean]>([
    ["no capability", { capabilities: {} }, false],
    ["the highest mark", { markMasqBit: 31 }, true],
    ["a mark too high", { markMasqBit: 32 }, false],
    ["a mark below zero", { markMasqBit: -1 }, false],
    ["a mark and a chain", { markMasqBit: 14, externalSetMarkChain: "KUBE-MARK-MASQ" }, false],
    ["another backend", { backend: "ebpf" }, false],
    ["conditions of nftables", { conditionsV4: ["ip", "saddr", "192.0.2.1"] }, false],
    ["conditions of nftables for IPv6", { conditionsV6: ["ip6", "saddr", "::1"] }, false],
    ["negated conditions", { conditionsV4: ["!", "-s", "192.0.2.1"] }, true],
  ])("a plugin with %s", (_, plugin, isMapped) => {
    expect(mappedPods([podOf("web", [http])], plugin)).toEqual(isMapped ? ["shop_web"] : []);
  });
});

describe("the rules of a pod", () => {
  const rulesOf = (ports: readonly object[], plugin: object = {}, status: object = {}): readonly string[] =>
    linesOf([podOf("web", ports, { status })], plugin)
      .filter((line) => line.startsWith("-A CNI-DN-"))
      .map((line) => line.replace(/^-A CNI-DN-[0-9a-f]{21} /, ""));

  it.each<[string, readonly object[], readonly string[]]>([
    [
      "a port without a host IP",
      [http],
      [
        "-s 10.0.1.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.1.5:80",
      ],
    ],
    [
      "a host IP, mapped or not",
      [
        { ...http, hostIP: "::ffff:192.0.2.10" },
        { ...http, hostIP: "192.0.2.10" },
      ],
      [
        "-s 10.0.1.0/24 -d 192.0.2.10/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-s 127.0.0.1/32 -d 192.0.2.10/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-d 192.0.2.10/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.1.5:80",
      ],
    ],
    ["host IPs of the other family", ["::", "::1", "x", "192.0.2.010"].map((hostIP) => ({ ...http, hostIP })), []],
  ])("%s", (_, ports, rules) => {
    expect(rulesOf(ports)).toEqual(rules);
  });

  it("are those of the first of two ports with one name", () => {
    const ports = [1, 2].map((hostPort) => ({ ...http, name: "a", hostPort }));
    expect(rulesOf(ports).map((rule) => /--dport (\d+)/.exec(rule)?.[1])).toEqual(["1", "1", "1"]);
  });

  it("masquerade all with masqAll, none without snat, and mark by another chain", () => {
    const dnat = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.1.5:80";
    expect(rulesOf([http], { masqAll: true })).toEqual(["-p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK", dnat]);
    expect(rulesOf([http], { snat: false })).toEqual([dnat]);
    expect(rulesOf([http], { externalSetMarkChain: "MINE" })[0]).toMatch(/ -j MINE$/);
  });

  it("have at most fifteen ports in an entry rule, by protocol", () => {
    const ports = Array.from({ length: 16 }, (_, at) => ({ containerPort: 80, hostPort: 9000 + at }));
    const lines = linesOf([podOf("web", [{ ...http, protocol: "UDP" }, ...ports])], {});
    const entries = lines.filter((line) => line.startsWith("-A CNI-HOSTPORT-DNAT "));
    expect(
      entries.map((line) => [/-p (\S+)/.exec(line)?.[1], /--dports (\S+)/.exec(line)?.[1]?.split(",").length]),
    ).toEqual([
      ["tcp", 15],
      ["tcp", 1],
      ["udp", 1],
    ]);
  });

  it("print conditions as iptables-save does", () => {
    const conditionsV4 = ["-m", "mark", "--mark", "0x1", "!", "--in-interface", "eth+", "--src", "10.0.0.1,10.0.0.2"];
    const entries = linesOf([podOf("web", [http])], { conditionsV4 }).filter((line) =>
      /^-A CNI-HOSTPORT-DNAT/.test(line),
    );
    const comment = String.raw`-m comment --comment "dnat name: \"k8s-pod-network\" id: \"shop_web\""`;
    expect(entries.map((line) => line.replace(/ -j .*/, ""))).toEqual(
      ["10.0.0.1/32", "10.0.0.2/32"].map(
        (source) =>
          `-A CNI-HOSTPORT-DNAT -s ${source} ! -i eth+ -p tcp ${comment} -m multiport --dports 8080 -m mark --mark 0x1`,
      ),
    );
  });

  it("cut a comment of over 255 bytes as the plugin and iptables do", () => {
    const name = Array.from({ length: 4 }, () => "a".repeat(60)).join(".");
    const [line = ""] = linesOf([podOf(name, [http])], {}).filter((one) => /^-A CNI-HOSTPORT-DNAT/.test(one));
    const comment = /--comment "((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replace(/\\(.)/g, "$1") ?? "";
    expect([comment.length, comment.slice(-3)]).toEqual([255, "a.."]);
  });

  it("keep a stand-in short enough for a comment of nft", () => {
    const name = Array.from({ length: 4 }, () => "a".repeat(60)).join(".");
    const lines = linesOf([podOf(name, [http])], { backend: "nftables" }, "hostports.nft");
    const comments = lines.flatMap((line) => /comment "(shop[^"]*)"/.exec(line)?.[1] ?? []);
    expect(comments.map(({ length }) => length)).toEqual([128, 128, 128]);
  });

  it("are none in IPv6 for a pod that is refused, while its IPv4 table stays", () => {
    const status = { podIPs: [{ ip: "10.0.1.5" }, { ip: "fd00::5" }] };
    const pods = [podOf("web", [{ ...http, hostIP: "x" }], { status })];
    const lines = linesOf(pods, { backend: "nftables" }, "hostports.nft");
    expect(lines.filter((line) => line.startsWith("table "))).toEqual(["table ip cni_hostport {"]);
    expect(lines.join("\n")).not.toContain("dnat");
    expect(linesOf(pods, {}, "hostports6.restore").filter((line) => line.startsWith(":"))).toEqual([
      ":CNI-HOSTPORT-DNAT - [0:0]",
      ":CNI-HOSTPORT-SETMARK - [0:0]",
      ":CNI-HOSTPORT-MASQ - [0:0]",
    ]);
  });
});

it("names the interface towards the pods in sysctl's spelling", () => {
  const configuration = { ...configurationOf({}), podInterface: "eth0.100" };
  const { script } = compile([node, podOf("web", [http]), configuration], { hostPorts: true });
  const settings = script?.steps.find(({ file }) => file === "sysctl.conf")?.stdin;
  expect(new TextDecoder().decode(settings)).toBe(
    "net.ipv4.conf.all.route_localnet = 1\nnet.ipv4.conf.eth0/100.route_localnet = 1\n",
  );
});
