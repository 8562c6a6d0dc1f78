import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Connection } from "./connect.ts";
import { explainError, isTlsError } from "./explain-error.ts";
import { type Failed, failed } from "./kubeconfig.ts";

/** A complete response of the API server. */
export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  /** The server's Retry-After in seconds. */
  readonly retryAfter: number | undefined;
  readonly body: string;
}

/** The longest response that is read. A page of 500 large objects has about 10 MB. */
const mostBytes = 100_000_000;

/** Sends a GET request. The timeout covers all of it: the connection, the headers and the last byte. */
export function request({ target, options, patience }: Connection, path: string): Promise<Answer | Failed> {
  const url = new URL(target.server + path);
  const send = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let asked: ClientRequest | undefined;
    let isReached = false;
    const end = (result: Answer | Failed): void => {
      clearTimeout(timer);
      resolve(result);
      if (result.kind === "failed") asked?.destroy();
    };
    try {
      asked = send(url, options);
    } catch (error) {
      // For example a line break in the token: it is not valid in a header, and the library's message would quote it.
      const noToken = "invalid token: it has characters that are not allowed in a header";
      end(isBadHeader(error) ? failed(noToken) : failedBy(error));
      return;
    }
    if (patience !== undefined) {
      timer = setTimeout(() => {
        const what = isReached ? "the response did not end" : "no response";
        const message = `${what} within ${patience / 1000} s (--request-timeout)`;
        end({ ...failed(message), isOutage: !isReached });
      }, patience);
    }
    asked.on("error", (error) => end(failedBy(error)));
    asked.on("response", (response) => {
      isReached = true;
      collect(response, end);
    });
    asked.end();
  });
}

function failedBy(error: unknown): Failed {
  const isTls = isTlsError(error);
  return { ...failed(explainError(error)), isTls, isOutage: !isTls };
}

function isBadHeader(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_INVALID_CHAR";
}

function collect(response: IncomingMessage, end: (result: Answer | Failed) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const cut = (): void => end(failed("the server closed the connection in the middle of a response"));
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > mostBytes) end(failed(`the server sent a response of more than ${mostBytes / 1_000_000} MB`));
    else chunks.push(chunk);
  });
  response.on("aborted", cut);
  response.on("error", cut);
  response.on("end", () => {
    if (!response.complete) return cut();
    const seconds = Number(response.headers["retry-after"]);
    end({
      kind: "answer",
      status: response.statusCode ?? 0,
      retryAfter: seconds >= 0 ? seconds : undefined,
      body: Buffer.concat(chunks).toString("utf8"),
    });
  });
}
