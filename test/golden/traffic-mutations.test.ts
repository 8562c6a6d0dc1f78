import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
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

const bases = ["flannel.save", "docker-29-drop.save", "ipvs-flannel-portmap.collect", "hardened.save"].map((name) => {
  const text = readFileSync(new URL(`../fixtures/healthy-nodes/${name}`, import.meta.url), "utf8");
  const document = documentOf(text);
  const questions = questionsIn(document);
  const known = new Set(findingsOf(document).map(({ message }) => message));
  return { name, text, questions, before: answers(document, questions), known };
});

const mutations = 500;

describe("a change of a dump that changes what packets of Services meet", () => {
  it.each(bases)(
    `is found, with the Service: $name`,
    ({ text, questions, before, known }) => {
      const random = createRandom(text.length);
      const missed: string[] = [];
      let [worse, unseen] = [0, 0];
      for (let tried = 0; tried < mutations / bases.length; ) {
        const mutation = mutate(text, random);
        if (mutation === undefined) continue;
        tried += 1;
        const document = documentOf(mutation.text);
        const after = answers(document, questions);
        const bad = questions.filter((question, at) => isWorse(before[at] ?? [], after[at] ?? [], question));
        if (bad.length === 0) continue;
        worse += 1;
        const found = findingsOf(document).filter(({ message }) => !known.has(message));
        const named = new Set(found.flatMap(({ services = [] }) => services));
        const isMissed = (question: Question): boolean => !named.has(nameOf(question));
        const left = bad.filter(isMissed);
        // A text without the only rule that names an address is that of a Service without the address.
        const lost = left.filter((question) => isShown(document, question));
        if (left.length > 0 && lost.length === 0) unseen += 1;
        for (const question of lost) missed.push(`${mutation.name}: ${question.source.kind} to ${nameOf(question)}`);
      }
      expect(missed).toEqual([]);
      expect(worse).toBeGreaterThan(mutations / bases.length / 4);
      expect(unseen).toBeLessThan(worse / 20);
    },
    300_000,
  );
});
