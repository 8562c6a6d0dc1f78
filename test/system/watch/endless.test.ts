import { describe, expect, test } from "vitest";
import { type RunningWatch, shortTimes } from "../../harness/run-watch.ts";
import type { Intercept } from "../../harness/watch-api.ts";
import { followsTo, inStep } from "./in-step.ts";

/** Answers watches of EndpointSlices. */
function slices(answer: (response: Parameters<Intercept>[1]) => void): Intercept {
  return (url, response) => {
    if (url.searchParams.get("watch") !== "true" || !url.pathname.endsWith("endpointslices")) return false;
    response.writeHead(200, { "content-type": "application/json" });
    answer(response);
    return true;
  };
}

/** The milliseconds to the next attempt, of each trouble whose message contains a text. */
function waits({ entries }: RunningWatch, text: string): readonly number[] {
  const about = entries.filter(({ msg, error }) => msg === "cannot watch" && String(error).includes(text));
  return about.map(({ retryInMilliseconds }) => Number(retryInMilliseconds));
}

const bookmark = `${JSON.stringify({
  type: "BOOKMARK",
  object: { kind: "EndpointSlice", metadata: { resourceVersion: "9000" } },
})}\n`;

describe("a watch that does not come to an end", () => {
  test("bookmarks without end are trouble, and the kind is listed again", async () => {
    const situation = await inStep();
    const { api, watch } = situation;
    api.intercept(
      slices((response) => {
        const timer = setInterval(() => response.write(bookmark.repeat(500)), 5);
        response.on("close", () => clearInterval(timer));
      }),
    );
    api.endWatches();
    await watch.until(() => waits(watch, "bookmarks without end").length > 0, "the trouble");
    await watch.until(() => watch.count("listed") > 4, "a new list");
    api.intercept(undefined);
    await followsTo(situation, "10.0.1.91");
  });

  test("a line that trickles is silence", async () => {
    const situation = await inStep({ times: { ...shortTimes, silence: 200 } });
    const { api, watch } = situation;
    api.intercept(
      slices((response) => {
        const timer = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(timer));
      }),
    );
    api.endWatches();
    await watch.until(() => watch.count("listing again") > 0, "a new list");
    api.intercept(undefined);
    await followsTo(situation, "10.0.1.91");
  });

  test("a watch that the server does not end is ended", async () => {
    const situation = await inStep({ times: { ...shortTimes, length: 100, grace: 100 } });
    const { api, watch } = situation;
    const before = api.asked.length;
    await watch.until(
      () => api.asked.slice(before).filter((url) => url.includes("watch=true")).length > 8,
      "new watches",
    );
    expect(watch.count("listed")).toBe(4);
    await followsTo(situation, "10.0.1.91");
  });

  test("errors alone: it waits longer each time", async () => {
    const { api, watch } = await inStep({ times: { ...shortTimes, retry: { first: 50, most: 100_000 } } });
    const status = { kind: "Status", code: 500, message: "an error" };
    api.intercept(
      slices((response) => response.end(`${bookmark}${JSON.stringify({ type: "ERROR", object: status })}\n`)),
    );
    api.endWatches();
    await watch.until(() => waits(watch, "an error").length >= 5, "five errors");
    expect(waits(watch, "an error")[4]).toBeGreaterThan(400);
  });
});
