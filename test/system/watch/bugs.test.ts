import { expect, test, vi } from "vitest";
import { followsTo, inStep, sliceTo } from "./in-step.ts";

const bug = vi.hoisted(() => ({ isDue: false }));

vi.mock("../../../src/app/watch/watch-log.ts", async (load) => ({
  ...(await load<object>()),
  reportUpdate: () => {
    if (!bug.isDue) return;
    bug.isDue = false;
    throw new Error("a bug");
  },
}));

test("after a bug everything is read again, and half of it is not what the host is brought to", async () => {
  const situation = await inStep();
  const { api, watch } = situation;
  const isSlices = (url: URL) => url.pathname.endsWith("/endpointslices");
  api.intercept((url) => isSlices(url) && url.searchParams.get("watch") !== "true");
  bug.isDue = true;
  api.put(sliceTo("10.0.1.90"));
  await watch.until(() => watch.count("listed") === 7, "all lists but that of the slices");
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(watch.rules()).toContain("10.0.1.5:8080");
  api.intercept(undefined);
  await watch.until(() => watch.rules().includes("10.0.1.90:8080"), "the change");
  await followsTo(situation, "10.0.1.91");
});
