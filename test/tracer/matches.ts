import type { Match } from "../../src/tools/iptables/parsed.ts";
import { isLoopback, parseAddressPort, rangeContains } from "./addresses.ts";
import type { Flow, World } from "./packet.ts";
import { setContains } from "./sets.ts";
import { ALL, minus, NOTHING, type Share, share } from "./share.ts";

/** Which share of the packets of a flow a match lets through. */
export function matchShare(match: Match, flow: Flow, world: World): Share {
  if (match.kind === "statistic") {
    const hit = share(match.threshold, 2 ** 31);
    return match.negated ? minus(ALL, hit) : hit;
  }
  return matches(match, flow, world) !== match.negated ? ALL : NOTHING;
}

function matches(match: Exclude<Match, { kind: "statistic" }>, flow: Flow, world: World): boolean {
  switch (match.kind) {
    case "source":
      return rangeContains(match.range, flow.packet.source);
    case "destination":
      return rangeContains(match.range, flow.destination);
    case "in-interface":
      return interfaceMatches(match.name, flow);
    case "protocol":
      return match.protocol === flow.packet.protocol;
    case "destination-port":
      if (match.protocol !== flow.packet.protocol) throw new Error(`-m ${match.protocol} asked of another protocol`);
      return match.ports === undefined || (match.ports.from <= flow.port && flow.port <= match.ports.to);
    case "address-type":
      if (match.type !== "LOCAL") throw new Error(`address type ${match.type} is not modelled`);
      return isLocal(match.side === "source" ? flow.packet.source : flow.destination, world);
    case "conntrack":
      return match.states.some((state) => connectionStates(flow).includes(state));
    case "mark":
      return (flow.mark & match.mask) >>> 0 === match.value;
    case "recent":
      // No connection was here before: nothing is found, but something is always noted.
      return match.action === "set";
    case "set":
      return setContains(match, flow, world);
    case "ipvs":
      return ipvsMatches(match, flow);
    case "physdev-is-in":
      // Pods are plugged into a bridge, as with most networks. No rule of kube-proxy's makes this alone decide.
      return flow.packet.entry === "pod";
    case "comment":
    case "nfacct":
      return true;
    case "unknown":
      throw new Error(`the tracer does not know the match ${match.words.join(" ")}`);
  }
}

/** What `LOCAL` means: the kernel's local routing table. */
export function isLocal(address: string, world: World): boolean {
  const { nodeAddresses, ipvs } = world;
  return isLoopback(address) || nodeAddresses.includes(address) || (ipvs?.serviceAddresses.includes(address) ?? false);
}

/** By the virtual server the packet was for; nothing before IPVS has seen it. */
function ipvsMatches(match: Extract<Match, { kind: "ipvs" }>, { virtualServer }: Flow): boolean {
  if (virtualServer === undefined) return false;
  const served = parseAddressPort(virtualServer.address);
  const protocol = { tcp: 6, udp: 17, sctp: 132 }[virtualServer.protocol];
  return protocol === match.protocol && served?.address === match.address && served.port === match.port;
}

function interfaceMatches(name: string, flow: Flow): boolean {
  const { entry, inInterface } = flow.packet;
  if (entry === "node") return false;
  if (inInterface === undefined) throw new Error(`a rule asks for interface ${name}, but the packet names none (via)`);
  return name.endsWith("+") ? inInterface.startsWith(name.slice(0, -1)) : inInterface === name;
}

function connectionStates(flow: Flow): readonly string[] {
  return ["NEW", ...(flow.translated ? ["DNAT"] : []), ...(flow.masqueraded ? ["SNAT"] : [])];
}
