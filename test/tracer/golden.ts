import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { parseSets } from "../../src/tools/ipset/parse.ts";
import { parseTables } from "../../src/tools/iptables/parse.ts";
import { parseServers } from "../../src/tools/ipvs/parse.ts";
import { canonicalAddress, isAddress, isIpv6 } from "./addresses.ts";
import { meetsExpectation } from "./compare.ts";
import type { IpvsState, World } from "./packet.ts";
import { type PacketLine, parsePackets } from "./packets.ts";
import { printOutcomes, tracePacket } from "./trace.ts";

export type Mode = "iptables" | "ipvs";

/** What a host was given for one case: the text of a file the compiler wrote, undefined for none. */
type Written = (file: string) => string | undefined;

/** What is wrong with the packets of one case in one mode, one message per line; empty when all is as promised. */
export function checkPackets(folder: string, mode: Mode, written: Written): readonly string[] {
  const { lines, problems } = readPackets(folder, mode);
  const world = readWorld(folder, mode, written);
  return [
    ...problems,
    ...(lines.length === 0 ? ["packets.txt holds no packet"] : []),
    ...lines.flatMap((line) => checkLine(line, world, written)),
  ];
}

interface CaseLine extends PacketLine {
  readonly file: string;
}

/** In ipvs mode the lines of packets-ipvs.txt stand for those of packets.txt about the same packets. */
function readPackets(
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

function checkLine(
  { file, line, text, packet, expected }: CaseLine,
  world: World,
  written: Written,
): readonly string[] {
  const tool = isIpv6(packet.destination) ? "ip6tables" : "iptables";
  const [chains, jumps] = [written(`${tool}.restore`), written(`${tool}.jumps`)];
  if (chains === undefined || jumps === undefined) {
    return [`${file}:${line}: ${text}\n    there are no ${tool} rules to trace it through`];
  }
  const { tables, problems } = parseTables(chains + jumps);
  if (problems.length > 0) return problems.map((problem) => `${tool} rules, line ${problem.line}: ${problem.message}`);
  const outcomes = tracePacket(tables, world, packet);
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

/** A Host document says which addresses the node has; without one, its Node does. */
function readWorld(folder: string, mode: Mode, written: Written): World {
  const { node }: { readonly node: string } = parseYaml(readFileSync(join(folder, "case.yaml"), "utf8"));
  const documents: readonly Document[] = parseAllDocuments(readFileSync(join(folder, "cluster.yaml"), "utf8")).map(
    (document) => document.toJS(),
  );
  const named = (kind: string) => documents.find((each) => each?.kind === kind && each.metadata?.name === node);
  const addresses = named("Host")?.addresses ?? named("Node")?.status?.addresses?.map(({ address }) => address) ?? [];
  const nodeAddresses = addresses.filter(isAddress).map(canonicalAddress);
  return mode === "iptables" ? { nodeAddresses } : { nodeAddresses, ipvs: readIpvs(written) };
}

const BOUND = /^addr replace (\S+)\/(?:32|128) dev kube-ipvs0$/;

function readIpvs(written: Written): IpvsState {
  const { sets, problems: ofSets } = parseSets(written("ipset.restore") ?? "");
  const { servers, problems: ofServers } = parseServers(written("ipvs.restore") ?? "");
  const bound = (written("addresses.batch") ?? "").split("\n").filter((line) => line !== "");
  const serviceAddresses = bound.map((line) => BOUND.exec(line)?.[1] ?? `not an address: ${line}`);
  const problems = [...ofSets, ...ofServers].map(({ line, message }) => `line ${line}: ${message}`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return { serviceAddresses, sets, servers };
}
