import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Loose, service, simulated, workload } from "../../harness/simulate.ts";

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 12 });
const kinds = fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer");

/** A Deployment of as many replicas as the name has letters, and its Service. */
const objectsOf = (list: readonly string[], type: string): readonly object[] =>
  list.flatMap((name) => [workload({ name, replicas: name.length }), service(name, { type })]);

const allocated = ({ spec, status }: Loose): unknown => ({
  ips: spec?.clusterIPs,
  ports: spec?.ports?.map(({ nodePort }: Loose) => nodePort),
  balancer: status?.loadBalancer,
  pod: [spec?.nodeName, status?.podIP],
});

const byName = (objects: readonly Loose[]): ReadonlyMap<string, unknown> =>
  new Map(
    objects
      .filter(({ kind }) => kind === "Service" || kind === "Pod")
      .map((object) => [`${object.kind} ${object.metadata.name}`, allocated(object)]),
  );

describe("what is invented", () => {
  it("stays with its name whatever is added or removed beside it, against the other side of a comparison", () => {
    fc.assert(
      fc.property(names, names, kinds, (before, after, type) => {
        const one = simulated(objectsOf(before, type));
        const other = simulated(objectsOf(after, type), {}, one.held);
        const [known, given] = [byName(one.objects), byName(other.objects)];
        for (const [name, what] of given) if (known.has(name)) expect(what).toEqual(known.get(name));
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("stays with its name by itself too, as long as no two hashes meet", () => {
    const list = Array.from({ length: 12 }, (_, index) => `svc-${index}`);
    const whole = byName(simulated(objectsOf(list, "NodePort")).objects);
    for (const gone of list) {
      const rest = byName(
        simulated(
          objectsOf(
            list.filter((name) => name !== gone),
            "NodePort",
          ),
        ).objects,
      );
      for (const [name, what] of rest) expect([name, what]).toEqual([name, whole.get(name)]);
    }
  });

  it("does not hang on the order of the input", () => {
    const list = objectsOf(["a", "bb", "ccc"], "LoadBalancer");
    const sorted = (objects: readonly Loose[]) => [...byName(objects)].sort();
    expect(sorted(simulated([...list].reverse()).objects)).toEqual(sorted(simulated(list).objects));
  });

  it("is added once: simulating again changes nothing", () => {
    fc.assert(
      fc.property(names, kinds, (list, type) => {
        const once = simulated(objectsOf(list, type)).objects;
        expect(simulated(once).objects).toEqual(once);
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  it("gives way to what is given", () => {
    const free = simulated([service("web", { type: "NodePort" })]).of("Service")[0].spec;
    const taken = service("aaa", {
      type: "NodePort",
      clusterIP: free.clusterIP,
      ports: [{ port: 80, nodePort: free.ports[0].nodePort }],
    });
    const { of } = simulated([service("web", { type: "NodePort" }), taken]);
    expect(of("Service", "aaa")[0].spec.clusterIP).toBe(free.clusterIP);
    expect(of("Service", "web")[0].spec.clusterIP).not.toBe(free.clusterIP);
    expect(of("Service", "web")[0].spec.ports[0].nodePort).not.toBe(free.ports[0].nodePort);
  });
});
