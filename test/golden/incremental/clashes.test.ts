import fc from "fast-check";
import { expect, test } from "vitest";
import { compile, createCompiler, type Script } from "../../../src/index.ts";
import { type Json, machine, nodeObject } from "./churn-objects.ts";

const decoder = new TextDecoder();

function textsOf(script: Script | undefined): readonly string[] | undefined {
  return script?.steps.map(({ stdin }) => decoder.decode(stdin));
}

/** Few addresses and ports for some Services: most of them want what another has. */
const wish = fc.record({
  name: fc.constantFrom("a", "b", "c", "d"),
  ip: fc.nat(4),
  nodePort: fc.nat(4),
  external: fc.nat(3),
  isBroken: fc.nat(7).map((number) => number === 0),
  isGone: fc.nat(3).map((number) => number === 0),
});

type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

function serviceOf({ name, ip, nodePort, external, isBroken }: Wish): Json {
  const spec = {
    type: nodePort > 3 ? "ClusterIP" : "NodePort",
    clusterIP: `10.96.0.${1 + ip}`,
    ports: [{ port: isBroken ? 70_000 : 80, ...(nodePort > 3 ? {} : { nodePort: 30_000 + nodePort }) }],
    ...(external > 1 ? {} : { externalIPs: [`10.96.0.${1 + external}`] }),
  };
  return { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name }, spec };
}

test("as soon as nothing clashes any more, all is as compiled anew", () => {
  let compared = 0;
  const property = fc.property(
    fc.array(fc.array(wish, { minLength: 1, maxLength: 3 }), { maxLength: 25 }),
    (updates) => {
      const compiler = createCompiler({ node: machine });
      compiler.update({ upsert: [nodeObject(0)] });
      const given = new Map<string, Json>();
      for (const wishes of updates) {
        const last = new Map(wishes.map((one) => [one.name, one]));
        const [gone, put] = [
          [...last.values()].filter(({ isGone }) => isGone),
          [...last.values()].filter(({ isGone }) => !isGone),
        ];
        for (const { name } of gone) given.delete(name);
        for (const one of put) given.set(one.name, serviceOf(one));
        const remove = gone.map(({ name }) => ({ kind: "Service", namespace: "shop", name }));
        compiler.update({ upsert: put.map(serviceOf), remove });
        const { script } = compile([nodeObject(0), ...given.values()], { node: machine });
        if (script === undefined) continue;
        compared += 1;
        expect(textsOf(compiler.script())).toEqual(textsOf(script));
      }
    },
  );
  const { CHURN_RUNS: runs = "200", CHURN_SEED: seed = "7" } = process.env;
  fc.assert(property, { numRuns: Number(runs), seed: Number(seed) });
  expect(compared).toBeGreaterThan(Number(runs));
});
