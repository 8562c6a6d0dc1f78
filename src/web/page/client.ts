import type { Answers, Question } from "../protocol.ts";

/** Asks the worker. A question that is still waiting when another of its kind comes is dropped: its promise never settles. */
export interface Client {
  readonly ask: <K extends Question["kind"]>(question: Question & { readonly kind: K }) => Promise<Answers[K]>;
}

interface Waiting {
  readonly question: Question;
  readonly settle: (answer: never) => void;
  readonly fail: (error: Error) => void;
}

interface Reply {
  readonly id: number;
  readonly answer?: never;
  readonly failed?: string;
}

/** Starts the worker from its source: a page from `file:` may not load one from another file. */
export function createClient(source: string): Client {
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const waiting = new Map<Question["kind"], Waiting>();
  let running: { readonly id: number; readonly waiting: Waiting } | undefined;
  let last = 0;

  const next = (): void => {
    const [first] = waiting;
    if (running !== undefined || first === undefined) return;
    const [kind, one] = first;
    waiting.delete(kind);
    running = { id: ++last, waiting: one };
    worker.postMessage({ id: running.id, question: one.question });
  };

  worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
    const done = running?.waiting;
    running = undefined;
    if (data.failed === undefined) done?.settle(data.answer as never);
    else done?.fail(new Error(data.failed));
    next();
  });

  return {
    ask: (question) =>
      new Promise((settle, fail) => {
        waiting.set(question.kind, { question, settle, fail });
        next();
      }),
  };
}
