import { expect, test } from "vitest";
import { parseAddressSet, parseTarget } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../../src/datapath/host.ts";
import type { Packet } from "../../../src/datapath/packet.ts";
import { nothing, plus, printFraction, type Share } from "../../../src/datapath/share.ts";
import { diffSides } from "../../../src/diff/diff-sides.ts";
import type { TrafficChange } from "../../../src/diff/traffic-diff.ts";
import { caseFolder, goldenCases, modesOf } from "../../harness/golden-cases.ts";
import type { NaivePacket } from "../../harness/naive/journey.ts";
import { nodeOf, sideOf } from "../../harness/text-side.ts";
import { type HostText, tracedHost } from "../../harness/trace.ts";
import { readHostText } from "../check-packets.ts";
import { mutateTables, spreadTables } from "../table-mutations.ts";
import { createRandom } from "../traffic-mutations.ts";
import { packetsNear } from "./packets-near.ts";

/** Of the tables of all golden cases together, always the same ones; MUTATIONS=10000 tries more. */
const count = Number(process.env.MUTATIONS ?? 300);

type Asked = Omit<NaivePacket, "lists">;

/** What comes of one packet, each end with its share; ends that hang on what no text shows name the question. */
function comesOf(host: EvaluatedHost, { source, ...asked }: Asked): string {
  const sources = parseAddressSet(source);
  if (sources === undefined) throw new Error(`${source} is not an IP address`);
  const outcomes = evaluatePacket(host, { ...asked, sources } as Packet);
  const ends = new Map<string, Share>();
  for (const { share, verdict, masqueraded, affinity, assumptions } of outcomes) {
    const answers = assumptions.map(({ what, holds }) => `${what}: ${holds}`).sort();
    const end = JSON.stringify({ verdict, masqueraded, affinity, answers });
    ends.set(end, plus(ends.get(end) ?? nothing, share));
  }
  const told = [...ends].map(([end, share]) => `${printFraction(share)} ${end}`).sort();
  // A question whose answers all lead to the same is none.
  const plain = new Set(
    outcomes.map(({ verdict, masqueraded, affinity }) => JSON.stringify({ verdict, masqueraded, affinity })),
  );
  return plain.size === 1 ? [...plain].join() : told.join("\n");
}

function sideOfText(name: string, { tables = "", nodeAddresses }: HostText) {
  return sideOf(name, [nodeOf("node1", { tables, nodeAddresses, podRanges: ["10.0.1.0/24", "10.244.1.0/24"] })]);
}

function exampleOf({ examplePacket, vip }: TrafficChange): Asked {
  const to = parseTarget(examplePacket.to);
  if (to === undefined) throw new Error(`${examplePacket.to} is no address and port`);
  const state = /in conntrack state (\w+)/.exec(vip)?.[1];
  const { entry, from: source, protocol } = examplePacket;
  return { entry, source, destination: to.address, port: to.port, protocol: protocol as Asked["protocol"], state };
}

function wrong(
  base: HostText,
  head: HostText,
  lines: readonly string[],
): { readonly message?: string; readonly found: boolean } {
  const { changes } = diffSides(sideOfText("base", base), sideOfText("head", head));
  const [before, after] = [tracedHost(base), tracedHost(head)];
  const differs = (asked: Asked) => comesOf(before, asked) !== comesOf(after, asked);
  const idle = changes.find((change) => !differs(exampleOf(change)));
  if (idle !== undefined)
    return { found: true, message: `its example packet is treated alike: ${JSON.stringify(idle)}` };
  if (changes.length > 0) return { found: true };
  const missed = packetsNear({ lines, text: head }).find(differs);
  if (missed === undefined) return { found: false };
  return {
    found: false,
    message: `missed: ${JSON.stringify(missed)} was ${comesOf(before, missed)}, is ${comesOf(after, missed)}`,
  };
}

test("every mutation of a golden case's tables shows, with an example packet, or changes no packet", () => {
  const bases = goldenCases()
    .filter((name) => modesOf(name).includes("nftables"))
    .map((name) => ({ name, base: readHostText(caseFolder(name), "nftables") }));
  const random = createRandom(16);
  const failures: string[] = [];
  const tally = { tried: 0, found: 0, equal: 0 };
  while (tally.tried < count) {
    const { name, base } = bases[tally.tried % bases.length] as (typeof bases)[number];
    const tables = spreadTables(base.tables ?? "");
    const mutation = mutateTables(tables, random);
    if (mutation === undefined) continue;
    tally.tried += 1;
    const changed = tables.split("\n").filter((line) => !mutation.text.includes(line));
    const { message, found } = wrong({ ...base, tables }, { ...base, tables: mutation.text }, [
      mutation.name,
      ...changed,
    ]);
    tally[found ? "found" : "equal"] += 1;
    if (message !== undefined) failures.push(`${name}, ${mutation.name}: ${message}`);
  }
  console.warn(`tables: ${tally.tried} mutations, ${tally.found} found, ${tally.equal} change no packet`);
  expect(failures).toEqual([]);
  expect(tally.found).toBeGreaterThan(count / 2);
}, 3_600_000);
