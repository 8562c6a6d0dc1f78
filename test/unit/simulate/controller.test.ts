import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { comparableSlices, type Loose, simulated } from "../../harness/simulate.ts";

/** What kube-controller-manager 1.36.3 made of the Services, Pods and Nodes in state.jsonl. */
const recorded = (file: string): readonly Loose[] =>
  readFileSync(new URL(`../../fixtures/simulate-controller/${file}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

it("simulated slices say what the EndpointSlice controller's say", () => {
  const state = recorded("state.jsonl");
  const { of } = simulated(state);
  expect(comparableSlices(of("EndpointSlice"))).toEqual(comparableSlices(recorded("slices.jsonl")));
  expect(of("Pod")).toEqual(state.filter(({ kind }) => kind === "Pod"));
});
