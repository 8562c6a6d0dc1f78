import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyAddress } from "../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../src/datapath/host.ts";
import { readEvaluatedHost } from "../../src/languages/evaluated-host.ts";
import { goldenFolder } from "../harness/golden-cases.ts";
import { skipFor } from "../harness/skip.ts";
import { compileInto } from "./compile-folder.ts";
import { unlikely } from "./evaluate/binomial.ts";
import { type Asked, expectedAnswers } from "./evaluate/expectation.ts";
import { returnByNode1 } from "./evaluate/return-by-node1.ts";
import { withoutCounts } from "./loaded-rules.ts";
import { openNamespace } from "./namespace.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";
import { addresses, buildLab, type HostName, type Lab, stopLab } from "./traffic/topology.ts";

const reason = whyNoKernel(["ip", "nsenter", "unshare", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const fixturePath = (name: string) => new URL(`../fixtures/foreign-node/${name}`, import.meta.url).pathname;
const fixture = (name: string) => readFileSync(fixturePath(name), "utf8");
const workspace = mkdtempSync(join(tmpdir(), "portolan-foreign-"));
afterAll(() => rmSync(workspace, { recursive: true }));

const families = [
  { tool: "iptables", suffix: "v4" },
  { tool: "ip6tables", suffix: "v6" },
] as const;

test("the dump that is kept is what the tools print", skipFor(reason), async () => {
  const node = await openNamespace("legacy");
  try {
    for (const { tool, suffix } of families) {
      const ours = (file: string) => readFileSync(join(goldenFolder, "dual-stack/iptables", file), "utf8");
      const texts = [
        fixture(`before.${suffix}`),
        ours(`${tool}.restore`) + ours(`${tool}.jumps`),
        fixture(`after.${suffix}`),
      ];
      for (const input of texts) expect(node.run([`${tool}-restore`, "--noflush"], { input }).stderr).toBe("");
      const saved = withoutCounts(node.run([`${tool}-save`]).stdout);
      if (process.env.WRITE_FIXTURES === "1") writeFileSync(fixturePath(`${tool}.save`), saved);
      expect(withoutCounts(fixture(`${tool}.save`))).toBe(saved);
    }
  } finally {
    node.close();
  }
});

const manifest = (name: string) => readFileSync(new URL(`traffic/${name}`, import.meta.url), "utf8");
const throws = 50;
const patience = 2500;
const services = [
  { host: ["10.96.0.10", "fd00:10:96::10"], ports: [80] },
  { host: ["10.96.0.20", "fd00:10:96::20"], ports: [80] },
  { host: ["10.96.0.30", "fd00:10:96::30"], ports: [80] },
  { host: ["203.0.113.50", "2001:db8:cafe::50"], ports: [80] },
  { host: addresses.node1, ports: [30_080, 30_090, 30_070, 8080, 9100, 9250] },
  { host: addresses.a1, ports: [8080] },
] as const;

describe.each<Backend>(["legacy", "nft"])("real packets by iptables-%s", skipFor(reason), (backend) => {
  let lab: Lab;
  let host: EvaluatedHost;
  beforeAll(async () => {
    lab = await buildLab();
    for (const port of [9100, 9250]) await lab.node1.serve(port);
    returnByNode1(lab);
    host = program(lab, backend);
  }, 60_000);
  afterAll(() => {
    if (lab !== undefined) stopLab(lab);
  });

  test.each([0, 1] as const)(
    "end where the dump says, family %i",
    async (family) => {
      const asked = questions(family);
      let connections = 0;
      const wrong = await Promise.all(
        asked.map(async (question) => {
          const { from, protocol, host: to, port, source } = question;
          const expected = expectedOf(host, question);
          const times = expected.size > 1 ? throws : 1;
          connections += times;
          const seen = await Promise.all(
            Array.from({ length: times }, () => lab[from].call({ protocol, host: to, port, patience, source })),
          );
          return unlikely(seen, expected)?.concat(` ${JSON.stringify(question)}`);
        }),
      );
      console.warn(`Docker and ufw, iptables-${backend}: ${asked.length} questions, ${connections} connections`);
      expect(wrong.filter((message) => message !== undefined)).toEqual([]);
    },
    60_000,
  );
});

/** Loads the rules of others around ours, and reads back what the tools print. */
function program(lab: Lab, backend: Backend): EvaluatedHost {
  const tools = makeToolFolder(join(workspace, `tools-${backend}`), backend);
  const out = join(workspace, backend);
  const env = { ...process.env, PATH: `${tools}:${process.env.PATH}`, XTABLES_LOCKFILE: join(workspace, "lock") };
  const load = (place: "before" | "after") => {
    for (const { tool, suffix } of families) {
      lab.node1.run([`${tool}-restore`, "--noflush"], { env, input: fixture(`${place}.${suffix}`) });
    }
  };
  load("before");
  compileInto(out, { cluster: manifest("cluster.yaml"), configuration: manifest("kube-proxy.yaml"), node: "node1" });
  lab.node1.run(["sh", join(out, "apply.sh")], { env });
  load("after");
  const save = (tool: string) => [{ file: `${tool}.save`, text: lab.node1.run([`${tool}-save`], { env }) }];
  const texts = { iptables: save("iptables"), ip6tables: save("ip6tables"), ipset: [], ipvs: [], serviceAddresses: [] };
  const read = readEvaluatedHost(texts, { nodeAddresses: addresses.node1, podRanges: ["10.244.1.0/24"] });
  expect(read.problems).toEqual([]);
  return read;
}

function expectedOf(host: EvaluatedHost, question: Asked): ReadonlyMap<string, number> {
  const outcomes = evaluatePacket(host, {
    entry: question.from === "node1" ? "node" : question.from === "a2" ? "pod" : "outside",
    inInterface: question.from === "a2" ? "to-a2" : "eth0",
    sources: everyAddress(question.family === 0 ? 32 : 128),
    destination: question.host,
    protocol: question.protocol,
    port: question.port,
  });
  // There is no docker0 here, nobody speaks DHCP, no packet has a routing header.
  const usual = outcomes.filter(({ assumptions }) => assumptions.every(({ holds }) => !holds));
  return expectedAnswers(
    usual.map((outcome) => ({ ...outcome, assumptions: [] })),
    { ...question, tellsPort: false },
  );
}

function questions(family: 0 | 1): readonly Asked[] {
  const callers: readonly (readonly [HostName, string])[] = [
    ["client", addresses.client[family]],
    ["client", addresses.stranger[family]],
    ["a2", addresses.a2[family]],
    ["node1", addresses.node1[family]],
  ];
  return callers.flatMap(([from, source]) =>
    services.flatMap(({ host, ports }) =>
      ports.flatMap((port) =>
        (["tcp", "udp"] as const).flatMap((protocol): readonly Asked[] => {
          // Over UDP a node answers from another of its addresses.
          const isOwn = host === addresses.node1 && port < 30_000 && protocol === "udp";
          return isOwn ? [] : [{ from, source, family, protocol, host: host[family], port }];
        }),
      ),
    ),
  );
}
