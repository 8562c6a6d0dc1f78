import { buildLab, type HostName, type Lab, stopLab } from "../traffic/topology.ts";
import { type Box, type Ran, runBox } from "./box.ts";

/** What is walked through: a node whose kubelet uses a back end, and the mode to put on it. */
export interface Route {
  readonly backend: "legacy" | "nft";
  readonly mode: "iptables" | "ipvs" | "nftables";
  /** The arguments of the Job that applies. */
  readonly apply: readonly string[];
  readonly box: Omit<Box, "pid" | "isPrivileged">;
  /** Milliseconds to wait for an answer that must come, and for one that must not. */
  readonly patience: number;
  readonly impatience: number;
}

/** The container's runs on one node, in this order, and what was seen in between. */
export interface Walk {
  readonly before: NodeState;
  readonly plan: Ran;
  readonly apply: Ran;
  readonly planAgain: Ran;
  readonly flows: Flows;
  readonly verify: Ran;
  readonly afterBreaking: string;
  readonly verifyBroken: Ran;
  readonly mend: Ran;
  readonly verifyMended: Ran;
  readonly flowsMended: Flows;
  readonly cleanup: Ran;
  readonly after: NodeState;
}

/** Who answers: the endpoint's name, and the address that it was asked from. */
export type Flows = Readonly<Record<"clusterIP" | "clusterIPv6" | "nodePort" | "nodePortUdp", readonly string[]>>;

/** What the tools print, by command. */
export type NodeState = Readonly<Record<string, string>>;

export async function walkThrough(route: Route): Promise<Walk> {
  const lab = await buildLab();
  try {
    return await walkOn(lab, route);
  } finally {
    stopLab(lab);
  }
}

async function walkOn(lab: Lab, route: Route): Promise<Walk> {
  lab.node1.run(["sh", "-ec", kubelet(route)]);
  const box = { ...route.box, pid: lab.node1.pid };
  const change = (args: readonly string[]) => runBox({ ...box, isPrivileged: true }, args);
  const look = (verb: string) => runBox({ ...box, isPrivileged: false }, [verb, ...route.apply.slice(1)]);
  const apply = () => change(route.apply);

  const before = stateOf(lab, route);
  const first = { before, plan: await look("plan"), apply: await apply() };
  if (first.apply.code !== 0) throw new Error(`apply: exit ${first.apply.code}: ${first.apply.stderr}`);
  const walk = { ...first, planAgain: await look("plan") };
  const applied = { ...walk, flows: await flowsOf(lab, route), verify: await look("verify") };
  lab.node1.run(["sh", "-ec", breakage(route)]);
  const unanswered = ask(lab, route, ["a2", "tcp", "10.96.0.10", 80], 1);
  const broken = { ...applied, afterBreaking: (await unanswered).join(), verifyBroken: await look("verify") };
  const mended = { ...broken, mend: await apply(), verifyMended: await look("verify") };
  const flowsMended = await flowsOf(lab, route);
  return { ...mended, flowsMended, cleanup: await change(["cleanup"]), after: stateOf(lab, route) };
}

/** What the kubelet leaves on its node, and somebody else's rules; more of them in the back end that is not meant. */
function kubelet({ backend, mode }: Route): string {
  const ours = `xtables-${backend}-multi iptables`;
  const hint = `${ours} -t mangle -N KUBE-IPTABLES-HINT\n${ours} -A INPUT -s 198.51.100.1 -j DROP\n`;
  // The kernel in which ipvs mode is tried has only one.
  if (mode === "ipvs") return hint;
  const others = `xtables-${backend === "nft" ? "legacy" : "nft"}-multi iptables`;
  return `${hint}for last in 1 2 3; do ${others} -A OUTPUT -d 198.51.100.$last -j DROP; done`;
}

/** Takes the cluster IP of web away from TCP over IPv4. */
function breakage({ backend, mode }: Route): string {
  if (mode === "ipvs") return "ipvsadm -D -t 10.96.0.10:80";
  if (mode === "nftables") return "nft delete element ip kube-proxy service-ips '{ 10.96.0.10 . tcp . 80 }'";
  const nat = `xtables-${backend}-multi iptables -t nat`;
  return `line=$(${nat} -S KUBE-SERVICES | grep '^-A' | grep -n 'default/web:tcp cluster IP' | cut -d: -f1)
    ${nat} -D KUBE-SERVICES "$line"`;
}

async function flowsOf(lab: Lab, route: Route): Promise<Flows> {
  const [clusterIP, clusterIPv6, nodePort, nodePortUdp] = await Promise.all([
    ask(lab, route, ["a2", "tcp", "10.96.0.10", 80]),
    ask(lab, route, ["a2", "tcp", "fd00:10:96::10", 80]),
    ask(lab, route, ["client", "tcp", "192.0.2.11", 30080]),
    ask(lab, route, ["client", "udp", "192.0.2.11", 30080]),
  ]);
  return { clusterIP, clusterIPv6, nodePort, nodePortUdp };
}

type Asked = readonly [from: HostName, protocol: "tcp" | "udp", host: string, port: number];

async function ask(lab: Lab, { patience, impatience }: Route, asked: Asked, times = 24): Promise<string[]> {
  const [from, protocol, host, port] = asked;
  const source = from === "client" ? "192.0.2.100" : undefined;
  const call = { protocol, host, port, source, patience: times === 1 ? impatience : patience };
  const answers = await Promise.all(Array.from({ length: times }, () => lab[from].call(call)));
  return [...new Set(answers)].sort();
}

function stateOf(lab: Lab, { mode }: Route): NodeState {
  const backends = mode === "ipvs" ? ["legacy"] : ["legacy", "nft"];
  const saves = backends.flatMap((backend) =>
    ["iptables-save", "ip6tables-save"].map((tool) => `xtables-${backend}-multi ${tool}`),
  );
  const names = ["ip_forward", "conf.all.route_localnet", "conf.all.arp_ignore", "conf.all.arp_announce"];
  if (mode === "ipvs") names.push("vs.conntrack", "vs.expire_nodest_conn", "vs.expire_quiescent_template");
  const settings = `sysctl ${names.map((name) => `net.ipv4.${name}`).join(" ")}`;
  const commands = [
    ...saves,
    "ipset save",
    "ip -br addr",
    settings,
    ...(mode === "ipvs" ? ["ipvsadm -Sn"] : []),
    ...(mode === "nftables" ? ["nft list tables"] : []),
  ];
  return Object.fromEntries(commands.map((command) => [command, lab.node1.run(command.split(" "))]));
}
