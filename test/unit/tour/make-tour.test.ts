import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { readStateOfObjects } from "../../../src/compile/compile.ts";
import type { ProxyMode } from "../../../src/model/proxy-configuration/proxy-configuration.ts";
import { makeTour } from "../../../src/tour/make-tour.ts";
import type { Tour, TourDoor } from "../../../src/tour/tour.ts";

const golden = new URL("../../../golden/", import.meta.url).pathname;
const documentsOf = (name: string): readonly unknown[] =>
  loadAll(readFileSync(`${golden}${name}/cluster.yaml`, "utf8"));

interface Asked {
  readonly mode?: ProxyMode;
  readonly node?: string;
}

function tourOf(documents: readonly unknown[], { mode, node }: Asked = {}): Tour {
  const state = readStateOfObjects(documents, { mode });
  const tour = makeTour(state, { node, shows: () => true, findings: [], rulesOf: undefined });
  if (tour === undefined) throw new Error(JSON.stringify(state.sink.diagnostics));
  return tour;
}

/** `node1,node2 outside 10.0.1.5:8080 client 1` */
function answersOf(door: TourDoor | undefined): readonly string[] {
  return (door?.answers ?? []).map(({ nodes, client, outcomes, isLocal }) => {
    const ends = outcomes.map(({ verdict, destination = verdict, sees, share }) =>
      [destination, sees, Math.round(share * 100)].join(" "),
    );
    return `${nodes.join()} ${client.kind}: ${isLocal ? "local " : ""}${ends.join(", ")}`;
  });
}

const portOf = (tour: Tour, name: string) =>
  tour.services.flatMap(({ ports }) => ports).find((port) => port.name === name);
const doorOf = (tour: Tour, name: string, kind: TourDoor["kind"]) =>
  portOf(tour, name)?.doors.find((door) => door.kind === kind);

describe("a tour of the shop", () => {
  it.each(["iptables", "ipvs", "nftables"] as const)("asks the rules of %s mode", (mode) => {
    const tour = tourOf(documentsOf("shop"), { mode });
    expect([tour.mode, tour.nodes, tour.simulated]).toEqual([mode, ["node1", "node2", "node3"], 0]);
    const cart = answersOf(doorOf(tour, "shop/cart:grpc", "cluster IP"));
    expect(cart).toEqual([
      "node1,node2,node3 pods: 10.0.1.6:7070 client 33, 10.0.2.6:7070 client 33, 10.0.3.6:7070 client 33",
    ]);
    const checkout = answersOf(doorOf(tour, "shop/checkout:https", "node port"));
    expect(checkout).toEqual(["node1,node2,node3 outside: 10.0.2.7:8443 node 50, 10.0.3.7:8443 node 50"]);
    expect(answersOf(doorOf(tour, "shop/search:http", "cluster IP"))).toEqual([
      "node1,node2,node3 pods: rejected  100",
    ]);
  });

  it("puts Services for clients outside first, and those without rules last", () => {
    const names = tourOf(documentsOf("shop")).services.map(({ service }) => service);
    expect(names).toEqual(["shop/checkout", "shop/frontend", "shop/cart", "shop/search", "shop/orders-db"]);
  });

  it("tells nodes apart where a policy does", () => {
    const tour = tourOf(documentsOf("shop"));
    expect(answersOf(doorOf(tour, "shop/frontend:http", "load balancer IP"))).toEqual([
      "node1,node2 outside: local 10.0.1.5:8080 client 100",
      "node3 outside: dropped  100",
    ]);
    // In ipvs mode the node without an endpoint sends to those of other nodes.
    const ipvs = tourOf(documentsOf("shop"), { mode: "ipvs" });
    expect(answersOf(doorOf(ipvs, "shop/frontend:http", "load balancer IP"))[1]).toMatch(/^node3 outside: 10\.0\./);
  });

  it("asks one node if one is chosen", () => {
    const tour = tourOf(documentsOf("shop"), { node: "node3" });
    expect(tour.nodes).toEqual(["node3"]);
    expect(answersOf(doorOf(tour, "shop/frontend:http", "node port"))).toEqual(["node3 outside: dropped  100"]);
  });

  it("says why there are no rules, and names pods, nodes and states", () => {
    const tour = tourOf(documentsOf("shop"));
    const orders = tour.services.find(({ service }) => service === "shop/orders-db");
    expect(orders?.noRules).toMatch(/^headless: /);
    expect(orders?.endpoints).toEqual([
      { address: "10.0.3.8", ports: [5432], pod: "shop/orders-db-0", node: "node3", state: "ready" },
    ]);
  });
});

describe("a tour of golden cases", () => {
  it("asks as a client of the source ranges, and as another", () => {
    const tour = tourOf(documentsOf("loadbalancer-source-ranges"));
    const [service] = tour.services;
    const door = service?.ports[0]?.doors.find(({ kind }) => kind === "load balancer IP");
    expect(door?.answers.map(({ client }) => client.kind)).toEqual(["allowed", "others"]);
    expect(door?.answers.map(({ outcomes }) => outcomes[0]?.verdict)).toEqual(["delivered", "dropped"]);
  });

  it.each(["dual-stack", "ipv6-only", "affinity-clientip", "external-ips-local", "hints-zone", "terminating-local"])(
    "answers at each address of %s",
    (name) => {
      for (const { ports } of tourOf(documentsOf(name), { node: "node1" }).services)
        for (const { doors } of ports) for (const { answers } of doors) expect(answers.length).toBeGreaterThan(0);
    },
  );

  it("does not answer for a state with errors", () => {
    const state = readStateOfObjects(documentsOf("nodeport-taken-invalid"), { node: "node1" });
    expect(makeTour(state, { node: "node1", shows: () => true, findings: [], rulesOf: undefined })).toBeUndefined();
  });
});
