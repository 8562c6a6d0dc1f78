import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, parse as parseYaml } from "yaml";
import { parseTables } from "../../src/tools/iptables/parse.ts";
import { canonicalAddress, isAddress, isIpv6 } from "./addresses.ts";
import { meetsExpectation } from "./compare.ts";
import type { World } from "./packet.ts";
import { type PacketLine, parsePackets } from "./packets.ts";
import { printOutcomes, tracePacket } from "./trace.ts";

/** The tables a packet of one family meets, as text; undefined when the compiler wrote none. */
type RulesText = (family: "ipv4" | "ipv6") => string | undefined;

/** What is wrong with one case's packets.txt, one message per line of it; empty when all is as promised. */
export function checkPackets(folder: string, rules: RulesText): readonly string[] {
  const { lines, problems } = parsePackets(readFileSync(join(folder, "packets.txt"), "utf8"));
  const world = readWorld(folder);
  return [
    ...problems.map(({ line, message }) => `packets.txt:${line}: ${message}`),
    ...(lines.length === 0 ? ["packets.txt holds no packet"] : []),
    ...lines.flatMap((line) => checkLine(line, world, rules)),
  ];
}

function checkLine({ line, text, packet, expected }: PacketLine, world: World, rules: RulesText): readonly string[] {
  const family = isIpv6(packet.destination) ? "ipv6" : "ipv4";
  const written = rules(family);
  if (written === undefined)
    return [`packets.txt:${line}: ${text}\n    there are no ${family} rules to trace it through`];
  const { tables, problems } = parseTables(written);
  if (problems.length > 0)
    return problems.map((problem) => `${family} rules, line ${problem.line}: ${problem.message}`);
  const outcomes = tracePacket(tables, world, packet);
  if (meetsExpectation(outcomes, expected)) return [];
  return [`packets.txt:${line}: ${text}\n    traced: ${printOutcomes(outcomes)}`];
}

/** What the compiler wrote for a case: the chains, then the jumps that lead into them. */
export function compiledRules(folder: string): RulesText {
  return (family) => {
    const stem = join(folder, "iptables", family === "ipv4" ? "iptables" : "ip6tables");
    if (!existsSync(`${stem}.restore`) || !existsSync(`${stem}.jumps`)) return undefined;
    return readFileSync(`${stem}.restore`, "utf8") + readFileSync(`${stem}.jumps`, "utf8");
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
function readWorld(folder: string): World {
  const { node }: { readonly node: string } = parseYaml(readFileSync(join(folder, "case.yaml"), "utf8"));
  const documents: readonly Document[] = parseAllDocuments(readFileSync(join(folder, "cluster.yaml"), "utf8")).map(
    (document) => document.toJS(),
  );
  const named = (kind: string) => documents.find((each) => each?.kind === kind && each.metadata?.name === node);
  const addresses = named("Host")?.addresses ?? named("Node")?.status?.addresses?.map(({ address }) => address) ?? [];
  return { nodeAddresses: addresses.filter(isAddress).map(canonicalAddress) };
}
