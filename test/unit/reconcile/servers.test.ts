import { describe, expect, it } from "vitest";
import type { OwnedServer } from "../../../src/ir/owned.ts";
import { diffServers, planServers } from "../../../src/reconcile/plan-servers.ts";

const key = "-t 10.96.0.1:80";
const [near, far] = ["10.0.1.5:8080", "10.0.2.6:8080"] as const;
const server = (options: string, ...real: readonly (readonly [address: string, options: string])[]): OwnedServer => ({
  key,
  options,
  realServers: new Map(real),
});
const servers = (one: OwnedServer | undefined) => new Map(one === undefined ? [] : [[key, one]]);

type Turn = "gained" | "lost" | "neither";

/** The lines of each group of steps. */
function linesOf(desired: OwnedServer | undefined, live: OwnedServer | undefined, turn: Turn = "neither") {
  const steps = planServers(diffServers(servers(desired), servers(live)), {
    gained: () => turn === "gained",
    lost: () => turn === "lost",
  });
  const given = Object.entries(steps).filter(([, some]) => some.length > 0);
  return Object.fromEntries(
    given.map(([when, some]: [string, typeof steps.make]) => [when, some.map(({ stdin }) => `${stdin}`.trimEnd())]),
  );
}

const ready = "-m -w 1";
const drained = "-m -w 0";

describe("virtual servers", () => {
  it.each([
    ["as desired", server("-s rr", [near, ready]), server("-s rr", [near, ready]), {}],
    ["absent", server("-s rr", [near, ready]), undefined, { make: [`-A ${key} -s rr\n-a ${key} -r ${near} ${ready}`] }],
    ["absent, without real servers", server("-s rr"), undefined, { make: [`-A ${key} -s rr`] }],
    ["no longer desired", undefined, server("-s rr", [near, ready]), { remove: [`-D ${key}`] }],
    ["with another scheduler", server("-s rr -p 600"), server("-s rr"), { make: [`-E ${key} -s rr -p 600`] }],
    [
      "with other real servers: made before others are deleted",
      server("-s rr", [near, ready]),
      server("-s rr", [far, ready]),
      { make: [`-a ${key} -r ${near} ${ready}`], remove: [`-d ${key} -r ${far}`] },
    ],
    [
      "with a real server that is changed",
      server("-s rr", [near, ready]),
      server("-s rr", [near, drained]),
      { make: [`-e ${key} -r ${near} ${ready}`] },
    ],
  ])("%s", (_case, desired, live, lines) => {
    expect(linesOf(desired, live)).toEqual(lines);
  });

  it.each<readonly [Turn, object]>([
    ["neither", { make: [`-a ${key} -r ${near} ${ready}`], remove: [`-d ${key} -r ${far}`] }],
    ["gained", { early: [`-a ${key} -r ${near} ${ready}`, `-d ${key} -r ${far}`] }],
    ["lost", { late: [`-a ${key} -r ${near} ${ready}\n-d ${key} -r ${far}`] }],
  ])("whose clients' addresses are preserved: %s", (turn, lines) => {
    expect(linesOf(server("-s rr", [near, ready]), server("-s rr", [far, ready]), turn)).toEqual(lines);
  });

  it("that are made or deleted turn neither way", () => {
    const one = server("-s rr", [near, ready]);
    for (const turn of ["gained", "lost"] as const) {
      expect(Object.keys(linesOf(one, undefined, turn))).toEqual(["make"]);
      expect(Object.keys(linesOf(undefined, one, turn))).toEqual(["remove"]);
    }
  });
});
