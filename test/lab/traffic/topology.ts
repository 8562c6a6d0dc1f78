import { type LabHost, startHost } from "./host.ts";

/**
 * Two nodes on one link with a client outside the cluster; each pod hangs on its node by a routed veth pair.
 *
 *   client .100 .200 --+-- node1 .11 -- a1 10.244.1.11, a2 10.244.1.12
 *        192.0.2.0/24  +-- node2 .12 -- b1 10.244.2.11        IPv6 alike, see `addresses`
 *
 * The client's host bridges the link, and reaches cluster IPs and load balancers' addresses by way of node1.
 */
export type HostName = "client" | "node1" | "node2" | "a1" | "a2" | "b1";
export type Lab = Readonly<Record<HostName, LabHost>>;

/** IPv4 and IPv6; of a node first on the outer link, then towards its pods. */
export const addresses = {
  client: ["192.0.2.100", "2001:db8:2::100"],
  stranger: ["192.0.2.200", "2001:db8:2::200"],
  node1: ["192.0.2.11", "2001:db8:2::11", "10.244.1.1", "fd00:10:244:1::1"],
  node2: ["192.0.2.12", "2001:db8:2::12", "10.244.2.1", "fd00:10:244:2::1"],
  a1: ["10.244.1.11", "fd00:10:244:1::11"],
  a2: ["10.244.1.12", "fd00:10:244:1::12"],
  b1: ["10.244.2.11", "fd00:10:244:2::11"],
} as const;

export const hostNames = ["client", "node1", "node2", "a1", "a2", "b1"] as const;
const nodes = [
  { node: "node1", other: "node2", pods: ["a1", "a2"] },
  { node: "node2", other: "node1", pods: ["b1"] },
] as const;

export async function buildLab(): Promise<Lab> {
  const lab = Object.fromEntries(hostNames.map((name) => [name, startHost(name)])) as Record<HostName, LabHost>;
  try {
    // Serving is answered only by a host that runs in its namespace already.
    await Promise.all(hostNames.map((name) => lab[name].serve(8080)));
    for (const name of hostNames) lab[name].run(["sysctl", "-q", "-p", "-"], { input: settings(name) });
    lab.client.run(["ip", "-batch", "-"], { input: cables(lab) });
    lab.client.run(["ip", "-batch", "-"], { input: clientLinks() });
    for (const node of nodes) configureNode(lab, node);
    return lab;
  } catch (error) {
    stopLab(lab);
    throw error;
  }
}

export function stopLab(lab: Lab): void {
  for (const name of hostNames) lab[name].stop();
}

/**
 * Without duplicate address detection an IPv6 address can be used at once. A node that forwards a packet out of the
 * link it came from would send a redirect first, and that uses up what the kernel allows of ICMP errors (Linux 6);
 * no limit on these, since a refusal over UDP is not repeated.
 */
function settings(name: HostName): string {
  const isNode = name.startsWith("node");
  const forwarding = ["net.ipv4.ip_forward = 1", "net.ipv6.conf.all.forwarding = 1"];
  const refusals = ["net.ipv4.icmp_ratelimit = 0", "net.ipv6.icmp.ratelimit = 0"];
  const perScope = ["ipv6 accept_dad", "ipv4 rp_filter", "ipv4 send_redirects"].map((setting) => setting.split(" "));
  return ["all", "default"]
    .flatMap((scope) => perScope.map(([family, setting]) => `net.${family}.conf.${scope}.${setting} = 0`))
    .concat(refusals, isNode ? forwarding : [], "")
    .join("\n");
}

/** Every veth pair, made from the client's namespace, both ends put where they belong. */
function cables(lab: Lab): string {
  return nodes
    .flatMap(({ node, pods }) => [
      `link add to-${node} type veth peer name eth0 netns ${lab[node].pid}`,
      ...pods.map((pod) => `link add to-${pod} netns ${lab[node].pid} type veth peer name eth0 netns ${lab[pod].pid}`),
    ])
    .concat("")
    .join("\n");
}

function clientLinks(): string {
  const [viaV4, viaV6] = addresses.node1;
  return [
    "link set lo up",
    "link add br0 type bridge",
    ...nodes.map(({ node }) => `link set to-${node} master br0 up`),
    "link set br0 up",
    ...[...addresses.client, ...addresses.stranger].map((address) => addAddress(address, "br0", 24, 64)),
    ...["10.96.0.0/16", "203.0.113.0/24"].map((range) => `route add ${range} via ${viaV4}`),
    ...["fd00:10:96::/112", "2001:db8:cafe::/64"].map((range) => `route add ${range} via ${viaV6}`),
    "",
  ].join("\n");
}

function configureNode(lab: Lab, { node, other, pods }: (typeof nodes)[number]): void {
  const [outerV4, outerV6, innerV4, innerV6] = addresses[node];
  const [otherV4, otherV6, otherInnerV4, otherInnerV6] = addresses[other];
  const podLinks = pods.flatMap((pod) => [
    `link set to-${pod} up`,
    ...[innerV4, innerV6].map((address) => addAddress(address, `to-${pod}`, 32, 128)),
    ...addresses[pod].map((address) => `route add ${address} dev to-${pod}`),
  ]);
  const links = [
    "link set lo up",
    "link set eth0 up",
    ...[outerV4, outerV6].map((address) => addAddress(address, "eth0", 24, 64)),
    ...addresses.client.map((address) => `route add default via ${address}`),
    `route add ${otherInnerV4.replace(/1$/, "0/24")} via ${otherV4}`,
    `route add ${otherInnerV6.replace(/1$/, "/64")} via ${otherV6}`,
    ...podLinks,
    "",
  ];
  lab[node].run(["ip", "-batch", "-"], { input: links.join("\n") });
  for (const pod of pods) lab[pod].run(["ip", "-batch", "-"], { input: podLink(pod, [innerV4, innerV6]) });
}

function podLink(pod: "a1" | "a2" | "b1", gateways: readonly string[]): string {
  return [
    "link set lo up",
    "link set eth0 up",
    ...addresses[pod].map((address) => addAddress(address, "eth0", 32, 128)),
    ...gateways.flatMap((gateway) => [`route add ${gateway} dev eth0`, `route add default via ${gateway}`]),
    "",
  ].join("\n");
}

function addAddress(address: string, device: string, v4Bits: number, v6Bits: number): string {
  return address.includes(":")
    ? `addr add ${address}/${v6Bits} dev ${device} nodad`
    : `addr add ${address}/${v4Bits} dev ${device}`;
}
