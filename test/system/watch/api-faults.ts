import type { ServerResponse } from "node:http";
import { send, sendStatus } from "../../harness/fake-api.ts";
import type { WatchApi } from "../../harness/watch-api.ts";

/** One kind of trouble that an API server makes while a watch follows it. */
export type ApiFault = (api: WatchApi) => void | Promise<void>;

const status = (code: number, reason: string): object => ({
  type: "ERROR",
  object: { kind: "Status", code, reason, message: `soak: ${reason}` },
});
const event = (type: string, metadata: object): object => ({ type, object: { kind: "EndpointSlice", metadata } });
const line = (value: object): string => `${JSON.stringify(value)}\n`;
const says =
  (text: string): ApiFault =>
  (api) =>
    api.say("EndpointSlice", text);

/** Ends all watches; the next requests of a kind are answered otherwise. */
function answers(kind: "watch" | "list", count: number, answer: (response: ServerResponse) => void): ApiFault {
  return (api) => {
    let left = count;
    api.intercept((url, response) => {
      const isWatch = url.searchParams.get("watch") === "true";
      if (left === 0 || isWatch !== (kind === "watch")) return false;
      left -= 1;
      answer(response);
      return true;
    });
    // A list is asked for again only by a watch that cannot go on.
    if (kind === "list") api.say("EndpointSlice", line(status(410, "Expired")));
    else api.endWatches();
  };
}

const refuses = (code: number, headers: Readonly<Record<string, string>> = {}) =>
  answers("watch", 2, (response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendStatus(response, code, "soak");
  });

/** By name. After each of them the API server answers as before. */
export const apiFaults: Readonly<Record<string, ApiFault>> = {
  "all connections cut": (api) => api.cut(),
  "watches ended": (api) => api.endWatches(),
  "a line of garbage": says("garbage\n"),
  "an array as an event": says("[]\n"),
  "an event without an object": says(line({ type: "MODIFIED" })),
  "an object without a version": says(line(event("MODIFIED", {}))),
  "an event of an unknown type": says(line(event("EXPLODED", { name: "x", resourceVersion: "1" }))),
  "an older version": says(line(event("BOOKMARK", { resourceVersion: "1" }))),
  "410 as an event": says(line(status(410, "Expired"))),
  "500 as an event": says(line(status(500, "InternalError"))),
  "half a line, then the end": (api) => {
    api.say("EndpointSlice", '{"type":"MODIFIED","object":{"kind":"Endp');
    api.endWatches();
  },
  "400 to a watch": refuses(400),
  "401 to a watch": refuses(401),
  "410 to a watch": refuses(410),
  "429 to a watch": refuses(429, { "retry-after": "0" }),
  "500 to a watch": refuses(500),
  "503 to a watch": refuses(503),
  "504 to a watch": refuses(504),
  "500 to a list": answers("list", 1, (response) => sendStatus(response, 500, "soak")),
  "a list of something else": answers("list", 1, (response) => send(response, 200, { kind: "PodList", items: [] })),
  "a list cut short": answers("list", 1, (response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"kind":');
    setTimeout(() => response.destroy(), 5);
  }),
  "a server that hangs": answers("watch", 1, () => {}),
  "a server that is restarted": async (api) => {
    await api.stop();
    await api.start();
  },
  "an etcd that was wiped": (api) => {
    api.wipe(api.objects(), 1);
    api.cut();
  },
};
