import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import { canonicalAddress, isAddress, isIpv6 } from "../../src/datapath/address-set.ts";
import type { EvaluatedHost } from "../../src/datapath/host.ts";
import type { ProxyMode } from "../../src/model/proxy-configuration/proxy-configuration.ts";
import { readCase } from "../harness/golden-cases.ts";
import { type HostText, printOutcomes, tracedHost, tracePacket } from "../harness/trace.ts";
import { meetsExpectation } from "./meets-expectation.ts";
import { type PacketLine, parsePackets } from "./packet-table.ts";

/** What is wrong with the packets of one case in one mode, one message per line; empty when all is as promised. */
export function checkPackets(folder: string, mode: ProxyMode): readonly string[] {
  const { lines, problems } = readPackets(folder, mode);
  const host = tracedHost(readHostText(folder, mode));
  return [
    ...problems,
    ...(lines.length === 0 ? ["packets.txt holds no packet"] : []),
    ...lines.flatMap((line) => checkLine(line, host)),
  ];
}

interface CaseLine extends PacketLine {
  readonly file: string;
}

/** The lines of packets.MODE.txt replace those of packets.txt about the same packets. */
export function readPackets(
  folder: string,
  mode: ProxyMode,
): { readonly lines: readonly CaseLine[]; readonly problems: readonly string[] } {
  const shared = readPacketFile(folder, "packets.txt");
  if (!existsSync(join(folder, `packets.${mode}.txt`))) return shared;
  const own = readPacketFile(folder, `packets.${mode}.txt`);
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

interface Document {
  readonly kind?: string;
  /** Of a list, such as a NodeList. */
  readonly items?: readonly Document[];
  readonly metadata?: { readonly name?: string };
  readonly addresses?: readonly string[];
  readonly status?: { readonly addresses?: readonly { readonly address: string }[] };
}

/** The host of a case after its generated files are loaded. A Host document lists its addresses; else its Node does. */
export function readHostText(folder: string, mode: ProxyMode): HostText {
  const { node } = readCase(folder);
  const documents = parseAllDocuments(readFileSync(join(folder, "cluster.yaml"), "utf8")).flatMap((document) =>
    itemsOf(document.toJS()),
  );
  const named = (kind: string) => documents.find((each) => each?.kind === kind && each.metadata?.name === node);
  const addresses = named("Host")?.addresses ?? named("Node")?.status?.addresses?.map(({ address }) => address) ?? [];
  const written = (file: string): string | undefined => {
    const path = join(folder, mode, file);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  const rules = (tool: string) => (written(`${tool}.restore`) ?? "") + (written(`${tool}.jumps`) ?? "");
  const bound = (written("addresses.batch") ?? "").split("\n").filter((line) => line !== "");
  return {
    // kube-proxy's first: portmap appends its jumps.
    rules: { ipv4: rules("iptables") + rules("hostports"), ipv6: rules("ip6tables") + rules("hostports6") },
    tables: ["nftables.ip.nft", "nftables.ip6.nft", "hostports.nft"].map((file) => written(file) ?? "").join(""),
    sets: written("ipset.restore"),
    servers: written("ipvs.restore"),
    serviceAddresses: bound.map((line) => BOUND.exec(line)?.[1] ?? `not an address: ${line}`),
    nodeAddresses: addresses.filter(isAddress).map(canonicalAddress),
  };
}

function itemsOf(document: Document): readonly Document[] {
  const kind = document.kind?.replace(/List$/, "");
  return document.items?.map((item) => ({ kind, ...item }) as Document) ?? [document];
}

const BOUND = /^addr replace (\S+)\/(?:32|128) dev kube-ipvs0$/;
