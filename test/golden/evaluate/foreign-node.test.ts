import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { addressNumber, isIpv6, parseAddressSet } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../../src/datapath/host.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { caseFolder, goldenCases, modesOf } from "../../harness/golden-cases.ts";
import { everyAnswer } from "../../harness/naive/every-answer.ts";
import { readNaiveHost } from "../../harness/naive/naive-host.ts";
import { difference, endsOf } from "../../harness/naive/same-ends.ts";
import type { HostText } from "../../harness/trace.ts";
import { readHostText, readPackets } from "../check-packets.ts";
import type { PacketLine } from "../packet-table.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/foreign-node/${name}`, import.meta.url), "utf8");

/** A node with rules of Docker and ufw before ours, and those of a network plugin behind. */
function surrounded({ rules, ...rest }: HostText): HostText {
  const around = (family: "v4" | "v6", ours: string) => fixture(`before.${family}`) + ours + fixture(`after.${family}`);
  return { ...rest, rules: { ipv4: around("v4", rules.ipv4), ipv6: around("v6", rules.ipv6) } };
}

function evaluated({ rules, nodeAddresses }: HostText): EvaluatedHost {
  const part = (text: string) => [{ file: "node.save", text }];
  const host = readEvaluatedHost(
    { iptables: part(rules.ipv4), ip6tables: part(rules.ipv6), ipset: [], ipvs: [], serviceAddresses: [] },
    { nodeAddresses, podRanges: [] },
  );
  expect(host.problems).toEqual([]);
  return host;
}

/** What is wrong with a packet of a golden case on such a node. */
function wrong(line: PacketLine, text: HostText, host: EvaluatedHost): string | undefined {
  const { source, ...packet } = line.packet;
  const sources = parseAddressSet(source);
  if (sources === undefined) return `${source} is not an IP address`;
  const outcomes = evaluatePacket(host, { ...packet, sources });
  const rules = isIpv6(source) ? text.rules.ipv6 : text.rules.ipv4;
  const naive = readNaiveHost({ rules, local: text.nodeAddresses });
  const answered = everyAnswer(naive, { ...line.packet, lists: new Set() });
  const number = addressNumber(source);
  const differs = difference(outcomes, number, answered);
  if (differs !== undefined) return differs;
  const questions = outcomes.flatMap(({ assumptions }) => assumptions.map(({ what }) => what));
  // No packet of a golden case has to do with Docker's bridge, DHCP, or the sixth ssh in half a minute.
  const ends = endsOf(outcomes, number, new Map(questions.map((what) => [what, false])));
  const kinds = new Set(line.expected.map(({ kind, to }) => (to === undefined ? kind : `${to.address} ${to.port}`)));
  const seen = new Set([...ends.keys()].map((end) => end.replace(/ masqueraded| \+.*/g, "")));
  // What nobody took before may be dropped by ufw or by Docker's policy now.
  if (kinds.has("untouched")) seen.delete("dropped");
  // ufw lets everything pass that comes in over lo, before our rules are asked.
  const { entry, destination } = line.packet;
  if (entry === "node" && text.nodeAddresses.includes(destination)) seen.delete("untouched");
  return [...seen].every((end) => kinds.has(end)) ? undefined : `ends otherwise: ${[...ends].join("; ")}`;
}

describe("golden packets on a node with rules of Docker and ufw", () => {
  test.each(goldenCases().filter((name) => modesOf(name).includes("iptables")))("%s", (name) => {
    const folder = caseFolder(name);
    const text = surrounded(readHostText(folder, "iptables"));
    const host = evaluated(text);
    const found = readPackets(folder, "iptables").lines.flatMap((line) => {
      const message = wrong(line, text, host);
      return message === undefined ? [] : [`${line.text}\n    ${message}`];
    });
    expect(found).toEqual([]);
  });

  test("as their tools print them, dual-stack", () => {
    const folder = caseFolder("dual-stack");
    const { nodeAddresses } = readHostText(folder, "iptables");
    const rules = { ipv4: fixture("iptables.save"), ipv6: fixture("ip6tables.save") };
    const host = evaluated({ rules, nodeAddresses });
    for (const line of readPackets(folder, "iptables").lines) {
      expect(wrong(line, { rules, nodeAddresses }, host), line.text).toBeUndefined();
    }
  });
});
