import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyAddress } from "../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost, HostTexts } from "../../src/datapath/host.ts";
import { readEvaluatedHost } from "../../src/languages/evaluated-host.ts";
import { skipFor } from "../harness/skip.ts";
import { unlikely } from "./evaluate/binomial.ts";
import { type Asked, expectedAnswers } from "./evaluate/expectation.ts";
import { loadableTable, randomNftRules } from "./evaluate/random-nft-rules.ts";
import { loadable, type RandomRules, randomRules, seededPick, setNames } from "./evaluate/random-rules.ts";
import { returnByNode1 } from "./evaluate/return-by-node1.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";
import { addresses, buildLab, type Lab, stopLab } from "./traffic/topology.ts";

const tools = ["ip", "ipset", "nsenter", "unshare", "sysctl", "xtables-legacy-multi", "xtables-nft-multi", "nft"];
const reason = whyNoKernel(tools);

const workspace = mkdtempSync(join(tmpdir(), "portolan-evaluate-"));
afterAll(() => rmSync(workspace, { recursive: true }));

const count = 48;
const throws = 100;
/** A refusal over TCP may come only with the first repeated SYN, after a second. */
const patience = 2500;
const callers = ["client", "stranger", "a2", "node1"] as const;
const servers = ["a1", "b1", "node1"] as const;

type Make = (at: number, family: 0 | 1, pick: ReturnType<typeof seededPick>) => RandomRules;

/** Loads the rules into node1, and reads them back as whoever looks at a node does. */
type Program = (lab: Lab, rules: readonly (readonly RandomRules[])[]) => EvaluatedHost;

const languages: readonly { name: string; seed: number; make: Make; program: Program }[] = [
  { name: "iptables-legacy", seed: 20_261, make: randomRules, program: withIptables("legacy") },
  { name: "iptables-nft", seed: 20_262, make: randomRules, program: withIptables("nft") },
  { name: "nftables", seed: 20_263, make: randomNftRules, program: withNft },
];

describe.each(languages)("$name", skipFor(reason), ({ name: language, seed, make, program }) => {
  let lab: Lab;
  let host: EvaluatedHost;
  let rules: readonly (readonly RandomRules[])[];

  beforeAll(async () => {
    lab = await buildLab();
    const ports = Array.from({ length: count }, (_, at) => [9000 + at, 10_000 + at]).flat();
    const options = (name: (typeof servers)[number]) => ({ tellsPort: true, udpAddresses: addresses[name] });
    await Promise.all(servers.flatMap((name) => ports.map((port) => lab[name].serve(port, options(name)))));
    returnByNode1(lab);
    const pick = seededPick(seed);
    rules = ([0, 1] as const).map((family) => Array.from({ length: count }, (_, at) => make(at, family, pick)));
    host = program(lab, rules);
  }, 120_000);
  afterAll(() => {
    if (lab !== undefined) stopLab(lab);
  });

  test.each([
    ["IPv4", 0],
    ["IPv6", 1],
  ] as const)(
    "does with packets what the evaluator says, over %s",
    async (_name, family) => {
      const asked = questions(family, seededPick(seed + family));
      const wrong: string[] = [];
      let packets = 0;
      await inTurns(asked, async (question) => {
        const outcomes = evaluatePacket(host, {
          entry: question.from === "node1" ? "node" : question.from === "a2" ? "pod" : "outside",
          sources: everyAddress(family === 0 ? 32 : 128),
          destination: question.host,
          protocol: question.protocol,
          port: question.port,
        });
        const expected = expectedAnswers(outcomes, question);
        // What is refused or dropped by chance is sent again over TCP, and chance decides anew.
        const isRepeated = [...expected.keys()].some((answer) => answer === "refused" || answer === "timeout");
        if (expected.size > 1 && isRepeated && question.protocol === "tcp") return;
        const times = expected.size > 1 ? throws : 1;
        const { from, protocol, host: to, port, source } = question;
        const caller = lab[from];
        const seen = await Promise.all(
          Array.from({ length: times }, () => caller.call({ protocol, host: to, port, patience, source })),
        );
        packets += times;
        // The kernel sends 1,000 ICMP errors a second at most, whoever asks: over UDP a refusal may not be heard.
        const isUnheard = protocol === "udp" && expected.has("refused") && !expected.has("timeout");
        const heard = isUnheard ? seen.map((answer) => (answer === "timeout" ? "refused" : answer)) : seen;
        const message = unlikely(heard, expected);
        if (message !== undefined) wrong.push(`${JSON.stringify(question)}: ${message}\n${textOf(rules, question)}`);
      });
      console.warn(`${language}: ${count} rule sets, ${packets} connections, ${asked.length} questions`);
      expect(wrong).toEqual([]);
    },
    120_000,
  );
});

function withIptables(backend: Backend): Program {
  return (lab, rules) => {
    const folder = makeToolFolder(join(workspace, `tools-${backend}`), backend);
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, XTABLES_LOCKFILE: join(workspace, backend) };
    const run = (command: readonly string[], input = "") => lab.node1.run(command, { env, input });
    run(["ipset", "restore"], sets());
    const saved = ["iptables", "ip6tables"].map((tool, family) => {
      run([`${tool}-restore`], loadable(rules[family] ?? []));
      return [{ file: `${tool}.save`, text: run([`${tool}-save`]) }];
    });
    const [iptables = [], ip6tables = []] = saved;
    const ipset = [{ file: "ipset.save", text: run(["ipset", "save"]) }];
    return readNode({ iptables, ip6tables, ipset, ipvs: [], serviceAddresses: [] });
  };
}

function withNft(lab: Lab, rules: readonly (readonly RandomRules[])[]): EvaluatedHost {
  const run = (command: readonly string[], input = "") => lab.node1.run(command, { input });
  for (const family of [0, 1] as const) run(["nft", "-f", "-"], loadableTable(rules[family] ?? [], family));
  const nftables = [{ file: "nft.ruleset", text: run(["nft", "-a", "list", "ruleset"]) }];
  return readNode({ iptables: [], ip6tables: [], nftables, ipset: [], ipvs: [], serviceAddresses: [] });
}

function readNode(texts: HostTexts): EvaluatedHost {
  const read = readEvaluatedHost(texts, { nodeAddresses: addresses.node1, podRanges: [] });
  expect(read.problems).toEqual([]);
  return read;
}

function sets(): string {
  return [0, 1]
    .flatMap((family) => {
      const name = family === 0 ? "inet" : "inet6";
      const [sources, targets] = [`${setNames.sources}${family}`, `${setNames.targets}${family}`];
      return [
        `create ${sources} hash:net family ${name}`,
        ...(["client", "a2"] as const).map((each) => `add ${sources} ${addresses[each][family]}`),
        `create ${targets} hash:ip,port family ${name}`,
        ...Array.from({ length: count }, (_, at) => {
          const [server, protocol] = [servers[at % 3] ?? "a1", at % 2 === 0 ? "tcp" : "udp"];
          const address = addresses[server][family];
          return [`add ${targets} ${address},${protocol}:${9000 + at}`, `add ${targets} ${address},udp:${10_000 + at}`];
        }).flat(),
      ];
    })
    .concat("")
    .join("\n");
}

/** Each rule set is asked by several callers. */
function questions(family: 0 | 1, pick: ReturnType<typeof seededPick>): readonly Asked[] {
  return Array.from({ length: count }, (_, at) =>
    Array.from({ length: 5 }, (): Asked => {
      const caller = pick(callers);
      const protocol = pick(["tcp", "udp"] as const);
      return {
        from: caller === "stranger" ? "client" : caller,
        family,
        protocol,
        source: addresses[caller][family],
        host: addresses[pick(servers)][family],
        port: 9000 + at,
      };
    }),
  ).flat();
}

/** Some at a time. */
async function inTurns<T>(list: readonly T[], ask: (each: T) => Promise<void>): Promise<void> {
  const waiting = [...list];
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await ask(next);
  };
  await Promise.all(Array.from({ length: 40 }, work));
}

function textOf(rules: readonly (readonly RandomRules[])[], { family, port }: Asked): string {
  const { nat = [], filter = [] } = rules[family]?.find((each) => each.port === port)?.text ?? {};
  return [...nat, ...filter].join("\n");
}
