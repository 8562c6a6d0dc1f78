import { expect, test } from "vitest";
import { parseCidr } from "../../../src/model/address.ts";
import { service, simulated, workload } from "../../harness/simulate.ts";

const cidr = (text: string) => parseCidr(text) as NonNullable<ReturnType<typeof parseCidr>>;

test("pods that find no room are told of in no time", () => {
  const began = performance.now();
  const { diagnostics } = simulated([workload({ replicas: 30_000 })], { podCidrs: [cidr("10.1.0.0/18")] });
  expect(diagnostics[0]?.code).toBe("simulate-node-full");
  expect(performance.now() - began).toBeLessThan(4000);
});

test("pods come by the ten thousand in a few seconds", () => {
  const documents = Array.from({ length: 1000 }, (_, index) => [
    workload({ name: `web-${index}`, replicas: 10 }),
    service(`web-${index}`),
  ]).flat();
  const start = performance.now();
  const state = simulated(documents);
  expect(state.of("Pod")).toHaveLength(10_000);
  expect(performance.now() - start).toBeLessThan(10_000);
});
