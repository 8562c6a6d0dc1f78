import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { canonicalAddress, isAddress, isIpv6 } from "../../src/datapath/addresses.ts";
import type { EvaluatedHost } from "../../src/datapath/host.ts";
import { meetsExpectation } from "./compare.ts";
import { type PacketLine, parsePackets } from "./packets.ts";
import { type HostText, printOutcomes, tracedHost, tracePacket } from "./trace.ts";

export type Mode = "iptables" | "ipvs";

/** What a host was given for one case: the text of a file the compiler wrote, undefined for none. */
type Written = (file: string) => string | undefined;

/** What is wrong with the packets of one case in one mode, one message per line; empty when all is as promised. */
export function checkPackets(folder: string, mode: Mode, written: Written): readonly string[] {
  const { lines, problems } = readPackets(folder, mode);
  const host = readHost(folder, mode, written);
  return [
    ...problems,
    ...(lines.length === 0 ? ["packets.txt holds no packet"] : []),
    ...lines.flatMap((line) => checkLine(line, host)),
  ];
}

interface CaseLine extends PacketLine {
  readonly file: string;
}

/** In ipvs mode the lines of packets-ipvs.txt stand for those of packets.txt about the same packets. */
export function readPackets(
  folder: string,
  mode: Mode,
): { readonly lines: readonly CaseLine[]; readonly problems: readonly string[] } {
  const shared = readPacketFile(folder, "packets.txt");
  if (mode === "iptables" || !existsSync(join(folder, "packets-ipvs.txt"))) return shared;
  const own = readPacketFile(folder, "packets-ipvs.txt");
  const samePacket = (a: CaseLine) => (b: CaseLine) => isDeepStrictEqual(a.packet, b.packet);
  const sameOutcome = (a: CaseLine) => (b: CaseLine) => isDeepStrictEqual(a.expected, b.expected);
  const idle = own.lines.filter((line) => shared.lines.filter(samePacket(line)).some(sameOutcome(line)));
  return {
    lines: [...shared.lines.filter((line) => !own.lines.some(samePacket(line))), ...own.lines],
    problems: [
      ...shared.problems,
      ...own.problems,
      ...idle.map((line) => `${line.file}:${line.line}: packets.txt says the same: ${line.text}`),
    ],
  };
}

function readPacketFile(
  folder: string,
  file: string,
): { readonly lines: readonly CaseLine[]; readonly problems: readonly string[] } {
  const { lines, problems } = parsePackets(readFileSync(join(folder, file), "utf8"));
  return {
    lines: lines.map((line) => ({ ...line, file })),
    problems: problems.map(({ line, message }) => `${file}:${line}: ${message}`),
  };
}

function checkLine({ file, line, text, packet, expected }: CaseLine, host: EvaluatedHost): readonly string[] {
  const { tables } = host.families[isIpv6(packet.destination) ? "ipv6" : "ipv4"];
  if (tables.size === 0) return [`${file}:${line}: ${text}\n    there are no rules to trace it through`];
  const outcomes = tracePacket(host, packet);
  if (meetsExpectation(outcomes, expected)) return [];
  return [`${file}:${line}: ${text}\n    traced: ${printOutcomes(outcomes)}`];
}

/** What the compiler wrote for a case. */
export function compiledFiles(folder: string, mode: Mode): Written {
  return (file) => {
    const path = join(folder, mode, file);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
}

export function goldenCases(root: string): readonly string[] {
  const entries = readdirSync(root, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

interface Document {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly addresses?: readonly string[];
  readonly status?: { readonly addresses?: readonly { readonly address: string }[] };
}

function readHost(folder: string, mode: Mode, written: Written): EvaluatedHost {
  return tracedHost(readHostText(folder, mode, written));
}

/** A Host document says which addresses the node has; without one, its Node does. */
export function readHostText(folder: string, mode: Mode, written: Written): HostText {
  const { node }: { readonly node: string } = parseYaml(readFileSync(join(folder, "case.yaml"), "utf8"));
  const documents: readonly Document[] = parseAllDocuments(readFileSync(join(folder, "cluster.yaml"), "utf8")).map(
    (document) => document.toJS(),
  );
  const named = (kind: string) => documents.find((each) => each?.kind === kind && each.metadata?.name === node);
  const addresses = named("Host")?.addresses ?? named("Node")?.status?.addresses?.map(({ address }) => address) ?? [];
  const rules = (tool: string) => (written(`${tool}.restore`) ?? "") + (written(`${tool}.jumps`) ?? "");
  const bound = mode === "ipvs" ? (written("addresses.batch") ?? "").split("\n").filter((line) => line !== "") : [];
  return {
    rules: { ipv4: rules("iptables"), ipv6: rules("ip6tables") },
    sets: mode === "ipvs" ? written("ipset.restore") : undefined,
    servers: mode === "ipvs" ? written("ipvs.restore") : undefined,
    serviceAddresses: bound.map((line) => BOUND.exec(line)?.[1] ?? `not an address: ${line}`),
    nodeAddresses: addresses.filter(isAddress).map(canonicalAddress),
  };
}

const BOUND = /^addr replace (\S+)\/(?:32|128) dev kube-ipvs0$/;
