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

/** Sends a GET request. The timeout covers all of it: the connection, the headers and the last byte. */
export function request({ target, options, patience }: Connection, path: string): Promise<Answer | Failed> {
  const url = new URL(target.server + path);
  const send = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (result: Answer | Failed): void => {
      clearTimeout(timer);
      resolve(result);
    };
    let asked: ClientRequest;
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
        end(failed(`no response within ${patience / 1000} s (--request-timeout)`));
        asked.destroy();
      }, patience);
    }
    asked.on("error", (error) => end(failedBy(error)));
    asked.on("response", (response) => collect(response, end));
    asked.end();
  });
}

function failedBy(error: unknown): Failed {
  return { ...failed(explainError(error)), isTls: isTlsError(error) };
}

function isBadHeader(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_INVALID_CHAR";
}

function collect(response: IncomingMessage, end: (result: Answer | Failed) => void): void {
  const chunks: Buffer[] = [];
  const cut = (): void => end(failed("the server closed the connection in the middle of a response"));
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
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
