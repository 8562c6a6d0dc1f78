import { describe, expect, it } from "vitest";
import { findChainOwner } from "../../../src/explain/chain/chain-owner.ts";
import { findRule, nearestRules } from "../../../src/explain/chain/explain-line.ts";
import { explainSets } from "../../../src/explain/chain/explain-set.ts";
import { readLine } from "../../../src/explain/texts.ts";
import { servicePortChains } from "../../../src/programs/kube-proxy/chain-names.ts";

import { clusterCidr, compileFor, here, node, service, slice } from "../../harness/explain-objects.ts";

const quiet = { config: clusterCidr };
const own = servicePortChains("shop/web:http", "tcp");

/** A rule that somebody asks about. */
function asked(line: string) {
  const read = readLine(line);
  if (read?.kind !== "rule") throw new Error(`no rule: ${line}`);
  return read.rule;
}

describe("a line", () => {
  const { facts, texts } = compileFor([node(), service(), slice([here])], quiet);
  const ownerOf = (chain: string): string | undefined => findChainOwner(chain, facts)?.port;
  const spelled = `-A KUBE-SERVICES -p tcp -m tcp --dport 80 -d 10.96.0.20/32 -m comment --comment "shop/web:http cluster IP" -j ${own.cluster}`;

  it("is found however it is spelled", () => {
    const [found, ...more] = findRule(asked(spelled), texts, ownerOf);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      table: "nat",
      chain: "KUBE-SERVICES",
      number: 1,
      cause: { field: "spec.clusterIP" },
    });
  });

  it("that is not there has nearest ones", () => {
    const other = spelled.replace("--dport 80", "--dport 81");
    expect(findRule(asked(other), texts, ownerOf)).toEqual([]);
    expect(nearestRules(asked(other), texts).map(({ chain, number }) => [chain, number])).toEqual([
      ["KUBE-SERVICES", 1],
    ]);
  });

  it("is said match by match", () => {
    expect(
      readLine('-A A -s 10.0.0.1/32 -m comment --comment "x" -m statistic --mode random --probability 0.5 -j B'),
    ).toMatchObject({
      kind: "rule",
      rule: {
        text: '-A A -s 10.0.0.1/32 -m comment --comment "x" -m statistic --mode random --probability 0.5 -j B',
        chain: "A",
        matches: [
          { kind: "source", words: "from 10.0.0.1" },
          { kind: "comment", words: "comment, matches every packet: x" },
          { kind: "statistic", words: "50% at random" },
        ],
        target: "jump to B",
      },
    });
  });
});

it("a set tells its entries, where they come from, and who asks", () => {
  const { texts } = compileFor([node(), service(), slice([here])], { ...quiet, mode: "ipvs" });
  expect(explainSets({ name: "KUBE-CLUSTER-IP", table: undefined }, texts)).toMatchObject([
    {
      type: "hash:ip,port",
      purpose: "Kubernetes service cluster ip + port for masquerade purpose",
      entries: [{ text: "10.96.0.20,tcp:80", cause: { object: "Service shop/web", field: "spec.clusterIP" } }],
    },
  ]);
  expect(explainSets({ name: "KUBE-NONE", table: undefined }, texts)).toEqual([]);
});
