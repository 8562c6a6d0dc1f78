import { describe, expect, test } from "vitest";
import { type Compiler, compile, createCompiler, type Update } from "../../src/index.ts";
import { makeState, testNode } from "../states.ts";
import { textSteps } from "./text-steps.ts";

const config = { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration" };

interface ServiceWish {
  readonly ip?: string;
  readonly nodePort?: number;
  readonly port?: number;
}

function service(name: string, { ip = "10.96.0.1", nodePort, port = 80 }: ServiceWish): object {
  const type = nodePort === undefined ? "ClusterIP" : "NodePort";
  const ports = [{ name: "http", port, ...(nodePort === undefined ? {} : { nodePort }) }];
  const metadata = { namespace: "shop", name };
  return { apiVersion: "v1", kind: "Service", metadata, spec: { type, clusterIP: ip, ports } };
}

function slice(name: string, addresses: readonly string[]): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "shop", name: `${name}-x`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: addresses.map((address) => ({ addresses: [address], nodeName: "node1" })),
  };
}

function codesOf({ diagnostics }: Update): readonly string[] {
  return diagnostics.map(({ code, object }) => `${code} ${object ?? ""}`.trim());
}

const decoder = new TextDecoder();

/** The script is that of these objects and no others. */
function expectScriptOf(compiler: Compiler, objects: readonly object[]): void {
  const texts = (script: ReturnType<Compiler["script"]>) => script?.steps.map(({ stdin }) => decoder.decode(stdin));
  const { script } = compile(objects, { node: "node1" });
  expect(script).toBeDefined();
  expect(texts(compiler.script())).toEqual(texts(script));
}

/** The first words of its lines, without hashes. */
function shapeOf(text: string): string {
  return (text.match(/^(?:\*\w+|:KUBE-[A-Z]+|-[AIDX])/gm) ?? []).join(" ");
}

describe("a kept compiler", () => {
  test("gives the script first, then what one endpoint changes", () => {
    const compiler = createCompiler({ node: "node1" });
    const objects = makeState({ services: 20, endpoints: 3 });
    const first = compiler.update({ upsert: objects });
    expect(first.scope).toBe("whole");
    expect(first.steps).toEqual(compile(objects, { node: "node1" }).script?.steps);
    const { steps, scope } = compiler.update({
      upsert: [{ ...slice("svc-7", ["10.128.7.1", "10.128.7.2", "10.128.7.9"]) }],
    });
    expect(scope).toBe("part");
    expect(textSteps(steps).map(({ argv, stdin }) => [argv.join(" "), shapeOf(stdin)])).toEqual([
      ["iptables-restore --noflush --wait 5", "*nat :KUBE-SVC :KUBE-SEP :KUBE-SEP -A -A -A -A -A -X"],
    ]);
  });

  test("does the same whatever the number of Services", () => {
    const stepsAt = (services: number) => {
      const compiler = createCompiler({ node: "node1" });
      compiler.update({ upsert: makeState({ services, endpoints: 2 }) });
      return textSteps(compiler.update({ upsert: [slice("svc-7", ["10.128.7.9"])] }).steps);
    };
    expect(stepsAt(400)).toEqual(stepsAt(10));
  });

  test("puts the rule of a new Service at its place among the others", () => {
    const compiler = createCompiler({ node: "node1" });
    const many = Array.from({ length: 30 }, (_, at) => service(`s-${10 + at}`, { ip: `10.96.0.${at + 1}` }));
    compiler.update({ upsert: [testNode, ...many] });
    const { steps } = compiler.update({ upsert: [service("s-195", { ip: "10.96.1.1" })] });
    expect(textSteps(steps)[0]?.stdin).toMatch(/^\*filter\n-I KUBE-SERVICES 11 -d 10\.96\.1\.1\/32 .*\nCOMMIT\n$/);
    const gone = compiler.update({ remove: [{ kind: "Service", namespace: "shop", name: "s-195" }] });
    expect(textSteps(gone.steps)[0]?.stdin).toMatch(/^\*filter\n-D KUBE-SERVICES -d 10\.96\.1\.1\/32 .*\nCOMMIT\n$/);
  });

  test("has nothing to do when an object comes again as it was", () => {
    const compiler = createCompiler({ node: "node1" });
    const objects = makeState({ services: 3, endpoints: 3 });
    compiler.update({ upsert: objects });
    expect(compiler.update({ upsert: objects })).toMatchObject({ steps: [], scope: "part" });
  });

  test("names the UDP service ports that were looked at", () => {
    const compiler = createCompiler({ node: "node1" });
    const spec = { clusterIP: "10.96.9.1", ports: [{ name: "http", protocol: "UDP", port: 53 }] };
    const dns = { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name: "dns" }, spec };
    const udp = (address: string) => ({
      ...slice("dns", [address]),
      ports: [{ name: "http", protocol: "UDP", port: 53 }],
    });
    compiler.update({ upsert: [...makeState({ services: 2, endpoints: 1 }), dns, udp("10.0.0.1")] });
    const { udpServices } = compiler.update({ upsert: [udp("10.0.0.2")] });
    expect(udpServices()).toMatchObject([{ addresses: ["10.96.9.1:53"], endpoints: new Set(["10.0.0.2:53"]) }]);
  });
});

describe("an object with errors", () => {
  const web = service("web", {});
  const ends = slice("web", ["10.0.0.1"]);

  test("is left out, then its last good state is kept, and the rest goes on", () => {
    const compiler = createCompiler({ node: "node1" });
    const other = service("other", { ip: "10.96.0.2" });
    const first = compiler.update({ upsert: [testNode, service("web", { port: 0 }), ends, other] });
    expect(codesOf(first)).toContain("object-skipped Service shop/web");
    expectScriptOf(compiler, [testNode, ends, other]);
    compiler.update({ upsert: [web] });
    const broken = compiler.update({
      upsert: [service("web", { port: 70_000 }), { ...ends, addressType: "IPv5" }, slice("other", ["10.0.0.2"])],
    });
    expect(codesOf(broken)).toEqual(
      expect.arrayContaining([
        "last-valid-state-kept Service shop/web",
        "last-valid-state-kept EndpointSlice shop/web-x",
      ]),
    );
    expectScriptOf(compiler, [testNode, web, ends, other, slice("other", ["10.0.0.2"])]);
  });

  test("a configuration with errors keeps the last good one; without any there is no script yet", () => {
    const compiler = createCompiler({ node: "node1", proxyConfig: { ...config, iptables: { masqueradeBit: 99 } } });
    expect(compiler.update({ upsert: [testNode, web, ends] })).toMatchObject({ steps: [], scope: "none" });
    expect(compiler.script()).toBeUndefined();
    const good = { ...config, iptables: { masqueradeBit: 5 } };
    expect(compiler.update({ upsert: [good] }).scope).toBe("whole");
    const update = compiler.update({ upsert: [{ ...config, iptables: { masqueradeBit: -1 } }] });
    expect(codesOf(update)).toContain("last-valid-state-kept KubeProxyConfiguration");
    expectScriptOf(compiler, [testNode, web, ends, good]);
  });

  test("a document without a name or a kind is reported", () => {
    const compiler = createCompiler({ node: "node1" });
    const update = compiler.update({ upsert: [testNode, 7, { kind: "Service", apiVersion: "v1" }, web] });
    expect(codesOf(update).length).toBeGreaterThan(1);
    expectScriptOf(compiler, [testNode, web]);
  });

  test("documents are numbered over all updates", () => {
    const compiler = createCompiler({ node: "node1" });
    compiler.update({ upsert: [testNode, web] });
    const { diagnostics } = compiler.update({ upsert: [ends, service("web", { port: 70_000 })] });
    expect(diagnostics[0]).toMatchObject({ code: "port-out-of-range", origin: { document: 3 } });
  });

  test("a node that goes while others stay keeps the last good state", () => {
    const compiler = createCompiler({ node: "node1" });
    const node2 = { ...testNode, metadata: { name: "node2" } };
    compiler.update({ upsert: [testNode, node2, web, ends] });
    const update = compiler.update({ remove: [{ kind: "Node", name: "node1" }] });
    expect(codesOf(update)).toEqual(["node-unknown"]);
    expect(update.steps).toEqual([]);
    compiler.update({ upsert: [slice("web", ["10.0.0.9"])] });
    expectScriptOf(compiler, [testNode, node2, web, slice("web", ["10.0.0.9"])]);
  });
});

describe("what only one Service can have", () => {
  const web = service("web", { ip: "10.96.0.1", nodePort: 30_080 });
  const late = service("late", { ip: "10.96.0.2", nodePort: 30_080 });

  test("stays with the one that has it until that lets go of it", () => {
    const compiler = createCompiler({ node: "node1" });
    compiler.update({ upsert: [testNode, web] });
    const refused = compiler.update({ upsert: [late] });
    expect(codesOf(refused)).toEqual(["node-port-taken Service shop/late", "object-skipped Service shop/late"]);
    expect(refused.steps).toEqual([]);
    compiler.update({ remove: [{ kind: "Service", namespace: "shop", name: "web" }] });
    expectScriptOf(compiler, [testNode, late]);
  });

  test("a Service that asks for another's cluster IP keeps its own until it gets it", () => {
    const compiler = createCompiler({ node: "node1" });
    const before = service("late", { ip: "10.96.0.2" });
    const after = service("late", { ip: "10.96.0.1" });
    compiler.update({ upsert: [testNode, web, before] });
    expect(codesOf(compiler.update({ upsert: [after] }))).toContain("last-valid-state-kept Service shop/late");
    expectScriptOf(compiler, [testNode, web, before]);
    const moved = service("web", { ip: "10.96.0.7" });
    compiler.update({ upsert: [moved] });
    expectScriptOf(compiler, [testNode, moved, after]);
  });

  test("can be swapped in one update", () => {
    const compiler = createCompiler({ node: "node1" });
    compiler.update({ upsert: [testNode, web, service("late", { ip: "10.96.0.2", nodePort: 30_081 })] });
    const swapped = [service("web", { nodePort: 30_081 }), late];
    expect(compiler.update({ upsert: swapped }).diagnostics).toEqual([]);
    expectScriptOf(compiler, [testNode, ...swapped]);
  });

  test("of two that come at once the first gets it; what is refused gets no third in the way", () => {
    const compiler = createCompiler({ node: "node1" });
    compiler.update({ upsert: [testNode, service("a", { ip: "10.96.0.3", nodePort: 30_003 })] });
    // `a` cannot have web's node port, so its own is not free for `b`.
    const a = service("a", { ip: "10.96.0.3", nodePort: 30_080 });
    const b = service("b", { ip: "10.96.0.4", nodePort: 30_003 });
    const update = compiler.update({ upsert: [web, a, b] });
    expect(codesOf(update)).toEqual(
      expect.arrayContaining(["last-valid-state-kept Service shop/a", "object-skipped Service shop/b"]),
    );
    expectScriptOf(compiler, [testNode, web, service("a", { ip: "10.96.0.3", nodePort: 30_003 })]);
    compiler.update({ remove: [{ kind: "Service", namespace: "shop", name: "web" }] });
    expectScriptOf(compiler, [testNode, a, b]);
  });

  test("a newer state with errors takes the place of one that waits", () => {
    const compiler = createCompiler({ node: "node1" });
    compiler.update({ upsert: [testNode, web, late] });
    compiler.update({ upsert: [service("late", { ip: "10.96.0.2", port: 70_000 })] });
    compiler.update({ remove: [{ kind: "Service", namespace: "shop", name: "web" }] });
    expectScriptOf(compiler, [testNode]);
  });
});
