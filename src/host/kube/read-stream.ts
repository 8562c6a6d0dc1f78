import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { createLineSplitter } from "../../follow/watch-event.ts";
import type { Connection } from "./connect.ts";
import { explainError } from "./explain-error.ts";

/** How a stream ended. */
export type StreamEnd =
  | { readonly kind: "ended" | "silent" | "stopped" }
  /** The server responded with an error instead of a stream. */
  | { readonly kind: "status"; readonly status: number; readonly body: string; readonly retryAfter: number | undefined }
  /** `isOutage`: no response began. */
  | { readonly kind: "broken"; readonly message: string; readonly isOutage: boolean };

export interface StreamRequest {
  readonly connection: Connection;
  readonly path: string;
  /** Milliseconds until the response headers must arrive. */
  readonly patience: number;
  /** Milliseconds without a complete line after which the connection counts as dead. Its bytes may trickle. */
  readonly silence: number;
  /** Milliseconds after which the stream is ended: the server may not do it. */
  readonly length: number;
  readonly signal: AbortSignal;
  /** Called when the response has begun, and is a stream. */
  readonly opened: () => void;
  /** Handles a line; false closes the stream. */
  readonly take: (line: string) => boolean;
}

/** No object is that long: etcd's limit is 1.5 MB. */
const longestLine = 32_000_000;
const longestRefusal = 65_536;

/** Reads lines from a response without an end, and detects a dead connection. */
export function readStream({ connection, path, ...request }: StreamRequest): Promise<StreamEnd> {
  const url = new URL(connection.target.server + path);
  const send = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let asked: ClientRequest | undefined;
    const whole = setTimeout(() => end({ kind: "ended" }), request.length);
    const end = (result: StreamEnd): void => {
      clearTimeout(timer);
      clearTimeout(whole);
      request.signal.removeEventListener("abort", stop);
      resolve(result);
      asked?.destroy();
    };
    const stop = (): void => end({ kind: "stopped" });
    const arm = (milliseconds: number, result: StreamEnd): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end(result), milliseconds);
    };
    if (request.signal.aborted) return stop();
    request.signal.addEventListener("abort", stop);
    const unreached = (message: string): StreamEnd => ({ kind: "broken", message, isOutage: true });
    arm(request.patience, unreached(`no response within ${request.patience / 1000} s`));
    try {
      // A new connection: a kept one may lead to a server that no longer exists.
      asked = send(url, { agent: false, ...connection.options });
    } catch (error) {
      return end(unreached(explainError(error)));
    }
    asked.on("error", (error) => end(unreached(explainError(error))));
    asked.on("response", (response) => {
      const isFine = response.statusCode === 200;
      if (!isFine) return readRefusal(response, end);
      request.opened();
      readLines(response, { ...request, end, alive: () => arm(request.silence, { kind: "silent" }) });
    });
    asked.end();
  });
}

interface Reading extends Pick<StreamRequest, "take"> {
  readonly end: (result: StreamEnd) => void;
  readonly alive: () => void;
}

function readLines(response: IncomingMessage, { take, end, alive }: Reading): void {
  const splitter = createLineSplitter();
  const broken = (message: string): StreamEnd => ({ kind: "broken", message, isOutage: false });
  const cut = broken("the server closed the connection in the middle of a response");
  alive();
  response.on("data", (chunk: Buffer) => {
    for (const line of splitter.push(chunk)) {
      alive();
      if (!take(line)) return end({ kind: "ended" });
    }
    if (splitter.pending() > longestLine) end(broken("the server sent an endless line"));
  });
  response.on("aborted", () => end(cut));
  response.on("error", () => end(cut));
  response.on("end", () => end(response.complete && !splitter.isInside() ? { kind: "ended" } : cut));
}

function readRefusal(response: IncomingMessage, end: (result: StreamEnd) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = (): void => {
    const seconds = Number(response.headers["retry-after"]);
    end({
      kind: "status",
      status: response.statusCode ?? 0,
      body: Buffer.concat(chunks).toString("utf8"),
      retryAfter: seconds >= 0 ? seconds : undefined,
    });
  };
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > longestRefusal) finish();
    else chunks.push(chunk);
  });
  for (const event of ["end", "aborted", "error"]) response.on(event, finish);
}
