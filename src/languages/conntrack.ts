import { type Family, families } from "../model/address.ts";
import { type DividedText, type HostLanguage, parseParts, type TextForm } from "./language.ts";

/** A UDP connection that the kernel tracks, as `conntrack -L` prints it. */
export interface UdpFlow {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The source of replies: the endpoint that the connection was translated to. */
  readonly replySource: string;
  readonly replySourcePort: number;
}

const words = /\b(src|dst|sport|dport)=(\S+)/g;

/** Reads the output of `conntrack -L -p udp`; lines that are not connections are ignored. */
export function parseFlows(text: string): readonly UdpFlow[] {
  return text.split("\n").flatMap((line) => {
    const values: Record<string, string[]> = { src: [], dst: [], sport: [], dport: [] };
    for (const [, key, value] of line.matchAll(words)) values[key as string]?.push(value as string);
    const { src, dst, sport, dport } = values;
    if (src?.[1] === undefined || dst?.[0] === undefined || sport?.[1] === undefined || dport?.[0] === undefined)
      return [];
    return [
      {
        source: src[0] as string,
        destination: dst[0],
        sourcePort: Number(sport[0]),
        destinationPort: Number(dport[0]),
        replySource: src[1],
        replySourcePort: Number(sport[1]),
      },
    ];
  });
}

/** The command that lists the UDP connections of a family. */
export function listFlows(family: Family): readonly string[] {
  return ["conntrack", "-L", "-p", "udp", "-f", family];
}

/** `conntrack -L` and /proc/net/nf_conntrack, of any protocol. */
const flowsForm: TextForm = {
  printedBy: "conntrack -L",
  begins: (line) =>
    /^(?:ipv[46] +\d+ +)?[a-z]+ +\d+ +(?:\d+ )?.*\bsrc=\S+ dst=\S+ .*\bsrc=\S+ dst=\S+/.test(line) ||
    /^conntrack v\d/.test(line),
};

/** Connections over UDP, by family: those of other protocols end by themselves. */
function divideFlows(text: string): readonly DividedText[] {
  return families.flatMap((family) => {
    const isOwn = (line: string): boolean =>
      /^(?:ipv[46] +\d+ +)?udp /.test(line) && / src=\S*:/.test(line) === (family === "ipv6");
    const lines = text.split("\n").map((line) => (isOwn(line) ? line : ""));
    if (lines.every((line) => line === "")) return [];
    return [{ family, heading: listFlows(family).join(" "), text: lines.join("\n"), assumed: undefined }];
  });
}

/** conntrack -L. */
export const conntrack: HostLanguage<readonly UdpFlow[]> = {
  id: "conntrack",
  files: [],
  collect: [
    { command: listFlows("ipv4").join(" "), family: "ipv4" },
    { command: listFlows("ipv6").join(" "), family: "ipv6" },
  ],
  forms: [flowsForm],
  divide: divideFlows,
  parse: (parts) => parseParts(parts, (text) => ({ values: parseFlows(text), problems: [] })),
  write: (flows) => flows.map((flow) => `${writeFlow(flow)}\n`).join(""),
};

function writeFlow(flow: UdpFlow): string {
  const { source, destination, sourcePort, destinationPort, replySource, replySourcePort } = flow;
  const original = `src=${source} dst=${destination} sport=${sourcePort} dport=${destinationPort}`;
  return `udp 17 30 ${original} src=${replySource} dst=${source} sport=${replySourcePort} dport=${sourcePort}`;
}

/** A UDP service port with the endpoints that may serve it, whatever the policies. */
export interface UdpService {
  readonly family: Family;
  /** `10.96.0.10:53` or `[fd00::a]:53`: cluster, external and load balancer IPs with the port. */
  readonly addresses: readonly string[];
  readonly nodePort: number | undefined;
  /** `10.244.1.5:5353`; never empty: connections to a Service without endpoints are not deleted. */
  readonly endpoints: ReadonlySet<string>;
}

/**
 * The conntrack entries of removed endpoints (CleanStaleEntries of kube-proxy 1.36): while they exist, their client's
 * packets are lost. Like kube-proxy, those of a deleted Service are left to their timeout.
 */
export function staleConntrackEntries(flows: readonly UdpFlow[], services: readonly UdpService[]): readonly UdpFlow[] {
  const byAddress = new Map<string, ReadonlySet<string>>();
  const byNodePort = { ipv4: new Map<number, ReadonlySet<string>>(), ipv6: new Map<number, ReadonlySet<string>>() };
  for (const { family, addresses, nodePort, endpoints } of services) {
    for (const address of addresses) byAddress.set(address, endpoints);
    if (nodePort !== undefined) byNodePort[family].set(nodePort, endpoints);
  }
  return flows.filter((flow) => {
    const target = joined(flow.replySource, flow.replySourcePort);
    const addressed = byAddress.get(joined(flow.destination, flow.destinationPort));
    const viaNodePort = byNodePort[flow.destination.includes(":") ? "ipv6" : "ipv4"].get(flow.destinationPort);
    return (
      (addressed !== undefined && !addressed.has(target)) || (viaNodePort !== undefined && !viaNodePort.has(target))
    );
  });
}

function joined(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The command that deletes one connection. */
export function deleteFlow(flow: UdpFlow): readonly string[] {
  const { source, destination, sourcePort, destinationPort } = flow;
  const original = ["--orig-src", source, "--orig-dst", destination];
  return ["conntrack", "-D", "-p", "udp", ...original, "--sport", `${sourcePort}`, "--dport", `${destinationPort}`];
}
