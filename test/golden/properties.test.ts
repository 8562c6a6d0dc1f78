import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Compilation, type CompileOptions, compile } from "../../src/compile/compile.ts";
import { checkCompilation } from "../harness/compilation.ts";
import { caseDocuments, goldenCases } from "../harness/golden-cases.ts";

interface Case {
  readonly objects: readonly unknown[];
  readonly options: CompileOptions;
}

function caseOf(name: string): Case {
  const [proxyConfig] = caseDocuments(name, "kube-proxy.yaml");
  return { objects: caseDocuments(name), options: { node: "node1", proxyConfig } };
}

const names = goldenCases().filter((name) => !name.endsWith("-invalid"));

function textOf({ script }: Compilation): string | undefined {
  return script?.steps.map(({ file, stdin }) => `${file}\n${new TextDecoder().decode(stdin)}`).join("\n");
}

/** Where a value could be replaced, chosen by a number that need not be near the number of places. */
function replaceSomewhere(value: unknown, at: number, by: unknown): unknown {
  const places: (readonly [parent: Record<string, unknown>, key: string])[] = [];
  const copy = structuredClone(value);
  const visit = (here: unknown): void => {
    if (typeof here !== "object" || here === null) return;
    for (const key of Object.keys(here)) {
      places.push([here as Record<string, unknown>, key]);
      visit((here as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const place = places[at % places.length];
  if (place !== undefined) place[0][place[1]] = by;
  return copy;
}

const nasty = fc.oneof(
  fc.constantFrom(
    "",
    "a b",
    '"',
    "a\nb",
    "\\",
    "-j ACCEPT",
    "constructor",
    "__proto__",
    "10.0.0.1",
    "::1",
    "None",
    "10.0.0.0/8",
  ),
  fc.constantFrom(0, -1, 1.5, 65_536, 2 ** 31, 1e300, Number.NaN, true, null, [], {}, [null], [[]], { toString: 1 }),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 3 }),
);

const known = fc.constantFrom(
  ["v1", "Service"],
  ["v1", "Node"],
  ["v1", "Endpoints"],
  ["v1", "List"],
  ["discovery.k8s.io/v1", "EndpointSlice"],
  ["discovery.k8s.io/v1", "EndpointSliceList"],
  ["portolan/v1alpha1", "Host"],
  ["kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration"],
);

const fields = fc.constantFrom(
  "metadata",
  "spec",
  "status",
  "endpoints",
  "ports",
  "subsets",
  "items",
  "addresses",
  "features",
  "iptables",
);

describe("compile never throws", () => {
  it("on any JSON values", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 3 }), (values) =>
        checkCompilation(compile(values, { node: "n" })),
      ),
      { numRuns: 500 },
    );
  });

  it("on any JSON that says it is an object", () => {
    const object = fc.tuple(known, fc.dictionary(fields, fc.oneof(nasty, fc.dictionary(fields, nasty))));
    const objects = fc.array(
      object.map(([[apiVersion, kind], rest]) => ({ ...rest, apiVersion, kind })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(objects, fc.boolean(), (values, keepGoing) => {
        const compilation = compile(values, { node: "n", keepGoing });
        if (!keepGoing) checkCompilation(compilation);
      }),
      { numRuns: 800 },
    );
  });

  it("on options of any value", () => {
    fc.assert(
      fc.property(nasty, nasty, (proxyConfig, host) => checkCompilation(compile([], { node: "n", proxyConfig, host }))),
      { numRuns: 300 },
    );
  });

  it("on valid clusters with values replaced", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(), nasty), { minLength: 1, maxLength: 3 }),
        (name, changes) => {
          const { objects, options } = caseOf(name);
          let changed: unknown = objects;
          for (const [at, by] of changes) changed = replaceSomewhere(changed, at, by);
          checkCompilation(compile(changed as unknown[], options));
          compile(changed as unknown[], { ...options, keepGoing: true, origins: true });
        },
      ),
      { numRuns: 800 },
    );
  });
});

describe("the same state gives the same bytes", () => {
  it("in any order of documents and keys, in a List or not", () => {
    for (const name of names) {
      const { objects, options } = caseOf(name);
      const wanted = textOf(compile(objects, options));
      expect(wanted, name).toBeDefined();
      fc.assert(
        fc.property(
          fc.shuffledSubarray([...objects], { minLength: objects.length }),
          fc.boolean(),
          (shuffled, inList) => {
            const turned = shuffled.map(reverseKeys);
            const given = inList ? [{ kind: "List", apiVersion: "v1", items: turned }] : turned;
            expect(textOf(compile(given, options)), name).toBe(wanted);
          },
        ),
        { numRuns: 4 },
      );
    }
  });
});

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reverseKeys(inner)]),
  );
}
