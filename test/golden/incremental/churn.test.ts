import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, createCompiler, type Script, type Update } from "../../../src/index.ts";
import { textSteps } from "../../harness/compilation.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import { change, createChurn, type Deed, history } from "./churn.ts";
import { machine } from "./churn-objects.ts";

const decoder = new TextDecoder();

function run(host: SimulatedHost, steps: Update["steps"]): void {
  for (const step of textSteps(steps)) host.run(step);
}

function textsOf(script: Script | undefined): readonly string[] {
  return (script?.steps ?? []).map(({ argv, stdin }) => `${argv.join(" ")}\n${decoder.decode(stdin)}`);
}

/** Everything that a script decides, rules in their order. */
function stateOf(host: SimulatedHost): object {
  const sorted = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  const isOurs = ([name, lines]: readonly [string, readonly string[]]): boolean =>
    name.startsWith("KUBE-") || lines.length > 0;
  const rules = (["ipv4", "ipv6"] as const)
    .map((family) =>
      [...host.tables[family]].map(([table, chains]) =>
        sorted([...chains].filter(isOurs).map(([name, lines]) => [`${table} ${name}`, lines])),
      ),
    )
    .map((tables) => Object.assign({}, ...tables));
  const sets = sorted([...host.sets].map(([name, { create, entries }]) => [name, [create, ...[...entries].sort()]]));
  const servers = sorted(
    [...host.servers].map(([key, { options, realServers }]) => [key, [options, sorted(realServers)]]),
  );
  return {
    rules,
    sets,
    servers,
    addresses: host.addresses && [...host.addresses].sort(),
    counters: [...host.counters].sort(),
    tables: host.nftables.list().split("\n").sort(),
  };
}

function follow(mode: string, updates: readonly (readonly Deed[])[]): void {
  const churn = createChurn(mode);
  const compiler = createCompiler({ node: machine });
  const host = new SimulatedHost();
  run(host, compiler.update({ upsert: [...churn.objects.values()] }).steps);
  for (const deeds of updates) {
    const changes = change(churn, deeds);
    const { steps } = compiler.update(changes);
    run(host, steps);
    const { script, diagnostics } = compile([...churn.objects.values()], { node: machine });
    expect(script, diagnostics.map(({ message }) => message).join()).toBeDefined();
    expect(textsOf(compiler.script())).toEqual(textsOf(script));
    const fresh = new SimulatedHost();
    run(fresh, script?.steps ?? []);
    expect(stateOf(host)).toEqual(stateOf(fresh));
    expect(compiler.update(changes).steps, "given once more").toEqual([]);
  }
}

/** A rule that names no Service is one Service's, then another's (found by seed 41). */
const movedRule: readonly Deed[][] = [
  [{ kind: "put service", service: 0, shape: 24_962, pick: 0 }],
  [
    { kind: "put service", service: 1, shape: 28_517, pick: 0 },
    { kind: "put service", service: 0, shape: 0, pick: 0 },
  ],
];

describe.each(["iptables", "ipvs", "nftables"])("in %s mode", (mode) => {
  test("after every update of any history, script and host are as compiled anew", () => {
    const property = fc.property(history, (updates) => follow(mode, updates));
    const { CHURN_RUNS: runs = "40", CHURN_SEED: seed = "7" } = process.env;
    fc.assert(property, { numRuns: Number(runs), seed: Number(seed), examples: [[movedRule]] });
  });
});
