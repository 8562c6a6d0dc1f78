import type { Question } from "../protocol.ts";
import { createEngine } from "./engine.ts";

/** The worker's side of the page: a question in, its answer or what went wrong out. */
const { answer } = createEngine((count) => crypto.getRandomValues(new Uint8Array(count)));

addEventListener("message", ({ data }: MessageEvent<{ readonly id: number; readonly question: Question }>) => {
  const { id, question } = data;
  try {
    postMessage({ id, answer: answer(question) });
  } catch (error) {
    postMessage({ id, failed: error instanceof Error ? error.message : String(error) });
  }
});
