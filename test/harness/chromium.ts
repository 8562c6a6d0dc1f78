import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Where Chromium is; undefined where it is not installed. */
export function findChromium(): string | undefined {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const { status, stdout } = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}

export interface BrowserEvent {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One tab, spoken to in the DevTools protocol. */
export interface Tab {
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>;
  /** Everything the tab has reported. */
  readonly events: readonly BrowserEvent[];
  readonly close: () => Promise<void>;
}

/** Starts Chromium without a window and opens a tab. It speaks through a pipe: no port, nothing to listen on. */
export async function openTab(chromium: string, profile: string): Promise<Tab> {
  const child = spawn(
    chromium,
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      `--user-data-dir=${profile}`,
      "--remote-debugging-pipe",
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  const { call, events } = speak(child);
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  const close = async (): Promise<void> => {
    const closed = new Promise((done) => child.once("close", done));
    await call("Browser.close");
    await closed;
  };
  return { send: (method, params) => call(method, params, sessionId as string), events, close };
}

type Call = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>;

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Messages are JSON, each ended by a zero byte: descriptor 3 takes them, descriptor 4 gives them. */
function speak(child: ChildProcess): { readonly call: Call; readonly events: readonly BrowserEvent[] } {
  const [, , , toBrowser, fromBrowser] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, (answer: Answer) => void>();
  const events: BrowserEvent[] = [];
  let text = "";
  fromBrowser.setEncoding("utf8").on("data", (chunk: string) => {
    const messages = (text + chunk).split("\0");
    text = messages.pop() ?? "";
    for (const message of messages) {
      const answer = JSON.parse(message) as Answer & BrowserEvent;
      if (answer.id === undefined) events.push(answer);
      else waiting.get(answer.id)?.(answer);
    }
  });
  child.on("close", () => {
    for (const settle of waiting.values()) settle({ error: { message: "Chromium has ended" } });
  });
  let last = 0;
  const call: Call = (method, params = {}, sessionId) => {
    const id = ++last;
    toBrowser.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    return new Promise((done, failed) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) done(result ?? {});
        else failed(new Error(`${method}: ${error.message}`));
      });
    });
  };
  return { call, events };
}
