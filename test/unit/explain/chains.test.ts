import { describe, expect, it } from "vitest";
import { absentChain } from "../../../src/explain/chain/absent-chain.ts";
import { chainGraph } from "../../../src/explain/chain/chain-graph.ts";
import { findChainOwner, ownersByComments } from "../../../src/explain/chain/chain-owner.ts";
import { explainChain } from "../../../src/explain/chain/explain-chain.ts";
import { dumpLines } from "../../../src/explain/service-lines.ts";
import { chainsNamed, readTexts } from "../../../src/explain/texts.ts";
import { endpointChain, servicePortChains } from "../../../src/programs/kube-proxy/chain-names.ts";
import { printMermaid } from "../../../src/report/explain/graph.ts";
import { clusterCidr, compileFor, here, node, service, slice, there } from "../../harness/explain-objects.ts";

const quiet = { config: clusterCidr };
const own = servicePortChains("shop/web:http", "tcp");
const sep = (target: string): string => endpointChain("shop/web:httptcp", target);
const named = (name: string) => ({ name, table: undefined });
const unready = { addresses: ["10.0.3.7"], nodeName: "node3", conditions: { ready: false } };

/** Why a chain is not there. */
function whyAbsent(name: string, ...given: Parameters<typeof compileFor>): readonly string[] | undefined {
  const { facts, texts } = compileFor(...given);
  expect(chainsNamed(texts, name)).toEqual([]);
  const owner = findChainOwner(name, facts);
  return owner && absentChain(owner, facts).why;
}

describe("a chain", () => {
  const { facts, texts } = compileFor([node(), service(), slice([here, there])], quiet);
  const ownerOf = (chain: string): string | undefined => findChainOwner(chain, facts)?.port;

  it("of a service port: whose, from where, what share", () => {
    const [place, ...more] = explainChain(named(own.cluster), texts, ownerOf);
    expect(more).toEqual([]);
    expect(place).toMatchObject({
      table: "nat",
      service: "shop/web:http",
      purpose: "balances traffic for shop/web:http over its endpoints in the cluster",
      reachedFrom: ["OUTPUT", "PREROUTING"],
    });
    expect(place?.leadingHere.map(({ chain, number }) => [chain, number])).toEqual([["KUBE-SERVICES", 1]]);
    expect(place?.rules.map(({ share, words }) => [share?.exact, words])).toEqual([
      [undefined, "not from 10.0.0.0/16, to 10.96.0.20, TCP, to port 80: mark for masquerade"],
      ["1/2", `every packet: jump to ${sep("10.0.1.5:8080")}, which sends to 10.0.1.5:8080`],
      ["1/2", `every packet: jump to ${sep("10.0.2.6:8080")}, which sends to 10.0.2.6:8080`],
    ]);
    expect(place?.rules[1]?.cause?.object).toBe("EndpointSlice shop/web-1");
  });

  it("that stands in two tables is explained in both", () => {
    const places = explainChain(named("KUBE-SERVICES"), texts, ownerOf);
    expect(places.map(({ table, reachedFrom }) => [table, reachedFrom])).toEqual([
      ["filter", ["FORWARD", "OUTPUT"]],
      ["nat", ["OUTPUT", "PREROUTING"]],
    ]);
  });

  it("of a dump, by comments alone, foreign chains around it", () => {
    const text = `*nat
:PREROUTING ACCEPT [0:0]
:cali-PREROUTING - [0:0]
:${own.cluster} - [0:0]
:${sep("10.0.1.5:8080")} - [0:0]
-A PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
-A PREROUTING -d 10.96.0.20/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j ${own.cluster}
-A cali-PREROUTING -m set --match-set cali40x dst -g ${own.cluster}
-A ${own.cluster} -j ${sep("10.0.1.5:8080")}
-A ${sep("10.0.1.5:8080")} -p tcp -m tcp -j DNAT --to-destination 10.0.1.5:8080
COMMIT
`;
    const dump = readTexts([{ language: "iptables", family: "ipv4", file: "node1.save", text, origins: [] }]);
    const byComments = ownersByComments(dump);
    expect(byComments(sep("10.0.1.5:8080"))).toBe("shop/web:http");
    expect(byComments("cali-PREROUTING")).toBeUndefined();
    const [place] = explainChain(named(own.cluster), dump, byComments);
    expect(place?.leadingHere.map(({ chain, file, line }) => `${chain} ${file}:${line}`)).toEqual([
      "PREROUTING node1.save:7",
      "cali-PREROUTING node1.save:8",
    ]);
    const [foreign] = explainChain(named("cali-PREROUTING"), dump, byComments);
    expect(foreign?.purpose).toBe("belongs to another program: neither kube-proxy nor Portolan creates it");
  });

  it("is drawn from the kernel's chains to endpoints", () => {
    const graph = chainGraph(texts, ({ chain }) => chain === own.cluster);
    expect(printMermaid(graph)).toBe(`flowchart LR
  n0["nat KUBE-SERVICES"]
  n1["nat ${own.cluster}"]
  n2(["nat PREROUTING"])
  n3(["nat OUTPUT"])
  n4["nat ${sep("10.0.1.5:8080")}"]
  n5["nat ${sep("10.0.2.6:8080")}"]
  n6("10.0.1.5:8080")
  n7("10.0.2.6:8080")
  n0 -->|"to 10.96.0.20, TCP, to port 80"| n1
  n2 --> n0
  n3 --> n0
  n1 -->|"50%"| n4
  n1 -->|"50%"| n5
  n4 -->|"TCP"| n6
  n5 -->|"TCP"| n7
`);
  });
});

describe("a chain that is not there", () => {
  const nodePort = { type: "NodePort", ports: [{ name: "http", port: 80, nodePort: 30080 }] };
  const local = { ...nodePort, externalTrafficPolicy: "Local" };
  const balanced = {
    type: "LoadBalancer",
    ports: [{ name: "http", port: 80, nodePort: 30080 }],
    loadBalancerSourceRanges: ["0.0.0.0/0"],
  };
  const withAddress = { status: { loadBalancer: { ingress: [{ ip: "203.0.113.9" }] } } };
  const both = slice([here, there]);
  it.each([
    ["an endpoint that is not ready", sep("10.0.3.7:8080"), [service(), slice([here, unready])], quiet, ["not ready"]],
    [
      "no external traffic",
      own.external,
      [service(), both],
      quiet,
      ["it has no node port, external IP or load balancer IP"],
    ],
    ["no load balancer", own.firewall, [service(nodePort), both], quiet, ["it has no load balancer IP"]],
    [
      "no source ranges",
      own.firewall,
      [service({ ...balanced, loadBalancerSourceRanges: [] }, withAddress), both],
      quiet,
      ["it has no loadBalancerSourceRanges"],
    ],
    [
      "source ranges of everything",
      own.firewall,
      [service(balanced, withAddress), both],
      quiet,
      ["its loadBalancerSourceRanges have no effect in this family"],
    ],
    [
      "no policy Local",
      own.local,
      [service(), both],
      quiet,
      [`none of its traffic policies is Local, so ${own.cluster} handles its traffic`],
    ],
    [
      "no endpoint here",
      own.local,
      [service(local), slice([there])],
      quiet,
      ["externalTrafficPolicy is Local and 0 of 1 endpoints are local, so external traffic is dropped"],
    ],
    [
      "policy Local inside",
      own.cluster,
      [service({ internalTrafficPolicy: "Local" }), both],
      quiet,
      [`internalTrafficPolicy is Local and there is no external traffic, so ${own.local} handles its traffic`],
    ],
    [
      "no endpoints",
      own.cluster,
      [service(), slice([unready])],
      quiet,
      ["0 of 1 endpoints are usable, so its traffic is rejected"],
    ],
    [
      "a headless Service",
      own.cluster,
      [service({ clusterIP: "None" }), both],
      quiet,
      ["it is headless (clusterIP: None): DNS returns the endpoint addresses"],
    ],
    [
      "the ipvs mode",
      own.cluster,
      [service(), both],
      { ...quiet, mode: "ipvs" },
      ["in ipvs mode service ports have virtual servers and set entries, not chains of such a name"],
    ],
    [
      "an old name",
      own.external.replace("EXT", "XLB"),
      [service(nodePort), both],
      quiet,
      ["since Kubernetes 1.25 these chains are named KUBE-EXT-..."],
    ],
  ] as const)("because of %s", (_, name, objects, options, why) => {
    expect(whyAbsent(name, [node(), ...objects], options)).toEqual(why);
  });

  it("and belongs to nothing in the state", () => {
    expect(whyAbsent("KUBE-SVC-AAAAAAAAAAAAAAAA", [node(), service(), both], quiet)).toBeUndefined();
  });
});

it("a Service in a dump is found without parsing any chain as a whole", () => {
  const services = Array.from({ length: 40 }, (_, n) => {
    const { cluster } = servicePortChains(`shop/web${n}:http`, "tcp");
    const says = `-m comment --comment "shop/web${n}:http cluster IP"`;
    const jump = `-A KUBE-SERVICES -d 10.96.1.${n}/32 -p tcp ${says} -m tcp --dport 80 -j ${cluster}`;
    return { cluster, rules: [jump, `-A ${cluster} ${says} -j KUBE-MARK-MASQ`] };
  });
  const declared = ["KUBE-SERVICES", "KUBE-MARK-MASQ", ...services.map(({ cluster }) => cluster)];
  const text = ["*nat", ...declared.map((name) => `:${name} - [0:0]`), ...services.flatMap(({ rules }) => rules)];
  const file = "save";
  const texts = readTexts([
    { language: "iptables", family: "ipv4", file, text: `${text.join("\n")}\nCOMMIT\n`, origins: [] },
  ]);
  let parsed = 0;
  const chains = texts.chains.map(
    (chain) =>
      new Proxy(chain, {
        get: (_, property: keyof typeof chain) => {
          if (property === "rules") parsed += 1;
          const value = chain[property];
          return typeof value === "function" ? value.bind(chain as never) : value;
        },
      }),
  );
  const found = dumpLines("shop/web7", { ...texts, chains }, { objects: new Set(), lines: [] });
  expect(found.map(({ chain }) => chain)).toEqual(["KUBE-SERVICES", services[7]?.cluster, services[7]?.cluster]);
  expect(parsed).toBe(0);
});
