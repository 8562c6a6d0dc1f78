import { type Ends, everyRun } from "./every-run.ts";
import type { NaivePacket } from "./journey.ts";
import type { NaiveHost } from "./naive-host.ts";

export interface Answered {
  readonly answers: ReadonlyMap<string, boolean>;
  readonly ends: Ends;
}

/** Ends of a packet for every answer to the questions that come up on any of its ways. */
export function everyAnswer(host: NaiveHost, packet: NaivePacket): readonly Answered[] {
  const questions: string[] = [];
  const results: Answered[] = [];
  for (let number = 0; number < 2 ** questions.length || number === 0; number += 1) {
    const known = questions.length;
    const answers = new Map(questions.map((question, at) => [question, ((number >> at) & 1) === 0]));
    const ends = everyRun(host, packet, (question) => {
      if (!questions.includes(question)) questions.push(question);
      return answers.get(question) ?? true;
    });
    // With a question more, what was found so far says too little.
    if (questions.length > known) {
      results.length = 0;
      number = -1;
    } else results.push({ answers, ends });
  }
  return results;
}
