import { expect, test } from "vitest";
import { createCompiler } from "../../../src/index.ts";
import { makeService, makeSlice, makeState } from "../../harness/cluster-objects.ts";
import { SimulatedTables } from "../../harness/simulated-nft.ts";

const endpoints = Array.from({ length: 10 }, (_, at) => `10.244.1.${at + 1}`);

test("in nftables mode one endpoint is one transaction of less than 1 KB, which leads to the whole script's table", () => {
  const compiler = createCompiler({ node: "node1", mode: "nftables" });
  const host = new SimulatedTables();
  const run = (steps: ReturnType<typeof compiler.update>["steps"]) => {
    for (const { stdin } of steps) host.run(typeof stdin === "string" ? stdin : new TextDecoder().decode(stdin));
  };
  const web = makeService("web", { clusterIP: "10.97.0.1", ports: [{ name: "http", port: 80 }] });
  const slice = (addresses: readonly string[]) => makeSlice("web", { endpoints: addresses, nodeOf: () => "node1" });
  const state = [...makeState({ services: 100, endpoints: 10 }), web];
  run(compiler.update({ upsert: [...state, slice(endpoints)] }).steps);
  const { steps } = compiler.update({ upsert: [slice([...endpoints.slice(1), "10.244.1.99"])] });
  expect(steps.map(({ argv }) => argv.join(" "))).toEqual(["nft -f -"]);
  expect(steps[0]?.stdin.length).toBeLessThan(1000);
  run(steps);
  const direct = new SimulatedTables();
  for (const { stdin } of compiler.script()?.steps ?? []) direct.run(new TextDecoder().decode(stdin));
  expect(sorted(host.list())).toEqual(sorted(direct.list()));
});

function sorted(text: string): readonly string[] {
  return text.split("\n").sort();
}
