import { describe, expect, test } from "vitest";
import { corpusCases } from "../../scripts/conformance/corpus.mjs";
import { type HostPortPacket, hostPortDifferences, readHostPortCase } from "../../scripts/conformance/host-ports.mjs";
import { compile, explainPacket, parseDump } from "../../src/index.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";

const cases = corpusCases("hostport").map(({ name, folder }) => [name, folder] as const);
const beside = cases.filter(([name]) => name.startsWith("proxy-"));
const alone = cases.filter(([name]) => !name.startsWith("proxy-"));

describe("the rules of the real portmap plugin", () => {
  test("there are cases", () => expect(alone.length).toBeGreaterThan(35));

  test.each(alone)("%s", (_name, folder) => {
    const { objects, options, expected } = readHostPortCase(folder, readDocuments);
    const { script, diagnostics } = compile(objects, options);
    const decoder = new TextDecoder();
    const files = Object.fromEntries((script?.steps ?? []).map(({ file, stdin }) => [file, decoder.decode(stdin)]));
    const warnings = diagnostics.map(({ message, object }) => `${object} ${message}`);
    expect(hostPortDifferences(expected, files, warnings)).toEqual([]);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

/** Addresses of node1 in the cases; packets from them come from its own processes. */
const ownAddresses = ["192.0.2.11", "10.244.0.1", "2001:db8:2::11", "fd00:10:244::1", "127.0.0.1", "::1"];

const hostAddresses = ownAddresses.slice(0, 4);

/** Decided by a process or a missing route, or by what was programmed first. */
function isUndecided({ outcome }: HostPortPacket): boolean {
  return /\||refused|timeout|error/.test(outcome);
}

describe("real packets beside kube-proxy", () => {
  test("there are cases", () => expect(beside.length).toBeGreaterThan(8));

  const asked = beside;

  test.each(asked)("%s: in the rules of the node", (name, folder) => {
    const { objects, options, expected, packets } = readHostPortCase(folder, readDocuments);
    // The rules of an ipvs node without its virtual servers decide no packet.
    if (name.endsWith(".ipvs")) return;
    const files = Object.entries(expected).filter(([file]) => /\.(?:save|ruleset)$/.test(file));
    const [actual] = parseDump(files.map(([file, text]) => ({ name: file, text }))).hosts;
    const asked = { ...options, hostPorts: false, actual, hostAddresses };
    const decided = packets.filter((packet) => !isUndecided(packet));
    expect(decided.flatMap((packet) => differenceOf(packet, objects, asked))).toEqual([]);
  });

  test.each(asked)("%s: in compiled rules", (_name, folder) => {
    const { objects, options, packets } = readHostPortCase(folder, readDocuments);
    const decided = packets.filter((packet) => !isUndecided(packet));
    const asked = { ...options, hostAddresses };
    expect(decided.flatMap((packet) => differenceOf(packet, objects, asked))).toEqual([]);
  });
});

/** What our answer to a packet says otherwise than the socket. */
function differenceOf(
  { from, protocol, to, outcome, source }: HostPortPacket,
  objects: readonly unknown[],
  options: Parameters<typeof explainPacket>[2],
): readonly string[] {
  const isOwn = ownAddresses.includes(from);
  const { explanation, problem } = explainPacket(
    objects,
    { from, to, protocol, ...(isOwn ? { entry: "node" } : {}) },
    options,
  );
  const outcomes = explanation?.outcomes ?? [];
  const ends = outcomes.map((one) => (one.verdict === "delivered" ? one.destination : one.verdict));
  const got = [...new Set(ends)].join(" or ");
  const masqueraded = outcomes.some(({ masquerade }) => masquerade);
  const isSourceRight =
    outcome === "untouched" || (isOwn && source === "kept") || masqueraded === source.startsWith("masq");
  if (got === outcome && isSourceRight) return [];
  return [`${from} ${protocol} ${to}: ${outcome} ${source}; answered ${got || problem} ${masqueraded}`];
}
