import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/compile/compile.ts";
import { createSink } from "../../src/diagnostics/diagnostic.ts";
import { documentsIn } from "../harness/golden-cases.ts";
import { mutateTables, spreadTables } from "./table-mutations.ts";
import {
  answers,
  createRandom,
  documentOf,
  findingsOf,
  isShown,
  isWorse,
  mutate,
  nameOf,
  type Question,
  questionsIn,
} from "./traffic-mutations.ts";

const noRoles = { proxyConfigDocument: undefined, overlaysFrom: undefined };

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");

/** The languages of rules: how their dumps are changed, and how many times in all. */
const languages = [
  {
    names: ["flannel.save", "docker-29-drop.save", "ipvs-flannel-portmap.collect", "hardened.save"],
    mutate,
    spread: (text: string) => text,
    cluster: undefined,
    mutations: 500,
  },
  {
    names: ["nftables-docker-flannel.nft", "nftables-flannel.nft", "nftables-firewalld.nft", "nftables-ufw.nft"],
    mutate: mutateTables,
    spread: spreadTables,
    // Its rules name an endpoint once, so that another address in its place is as good.
    cluster: readCluster(documentsIn(fixture("nftables-node.yaml")), noRoles, {}, createSink()),
    mutations: 300,
  },
];

const bases = languages.flatMap(({ names, spread, cluster, mutations, ...language }) =>
  names.map((name) => {
    const text = spread(fixture(`healthy-nodes/${name}`));
    const document = documentOf(text);
    const questions = questionsIn(document);
    const known = new Set(findingsOf(document, cluster).map(({ message }) => message));
    const before = answers(document, questions);
    return { ...language, name, text, questions, before, known, cluster, tries: mutations / names.length };
  }),
);

describe("a change of a dump that changes what packets of Services meet", () => {
  it.each(bases)(
    `is found, with the Service: $name`,
    ({ text, questions, before, known, mutate: mutateText, cluster, tries }) => {
      const random = createRandom(text.length);
      const missed: string[] = [];
      let [worse, unseen] = [0, 0];
      for (let tried = 0; tried < tries; ) {
        const mutation = mutateText(text, random);
        if (mutation === undefined) continue;
        tried += 1;
        const document = documentOf(mutation.text);
        const after = answers(document, questions);
        const bad = questions.filter((question, at) => isWorse(before[at] ?? [], after[at] ?? [], question));
        if (bad.length === 0) continue;
        worse += 1;
        const found = findingsOf(document, cluster).filter(({ message }) => !known.has(message));
        const named = new Set(found.flatMap(({ services = [] }) => services));
        const isMissed = (question: Question): boolean => !named.has(nameOf(question));
        const left = bad.filter(isMissed);
        // A text without the only rule that names an address is that of a Service without the address.
        const lost = left.filter((question) => isShown(document, question));
        if (left.length > 0 && lost.length === 0) unseen += 1;
        for (const question of lost) missed.push(`${mutation.name}: ${question.source.kind} to ${nameOf(question)}`);
      }
      expect(missed).toEqual([]);
      expect(worse).toBeGreaterThan(tries / 4);
      expect(unseen).toBeLessThan(worse / 20);
    },
    300_000,
  );
});
