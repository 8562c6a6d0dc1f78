import type { Side, SideNode } from "../../src/diff/side.ts";
import type { TrafficDiff } from "../../src/diff/traffic-diff.ts";
import { compile } from "../../src/index.ts";

/** What a node of a side is given as text; the rest is what its kernel knows. */
export interface NodeText {
  readonly rules?: string;
  readonly rules6?: string;
  readonly sets?: string;
  readonly servers?: string;
  readonly tables?: string;
  readonly serviceAddresses?: readonly string[];
  readonly nodeAddresses?: readonly string[];
  readonly podRanges?: readonly string[];
  readonly routeLocalnet?: boolean;
}

export function nodeOf(name: string, text: NodeText): SideNode {
  const part = (file: string, content = "") => (content === "" ? [] : [{ file, text: content }]);
  return {
    name,
    mode: text.tables !== undefined ? "nftables" : text.servers === undefined ? "iptables" : "ipvs",
    texts: {
      iptables: part("iptables.restore", text.rules),
      ip6tables: part("ip6tables.restore", text.rules6),
      ipset: part("ipset.restore", text.sets),
      ipvs: part("ipvs.restore", text.servers),
      nftables: part("nftables.nft", text.tables),
      serviceAddresses: text.serviceAddresses ?? [],
    },
    world: {
      nodeAddresses: text.nodeAddresses ?? ["192.0.2.10"],
      podRanges: text.podRanges ?? [],
      routeLocalnet: text.routeLocalnet,
    },
    services: new Map(),
    objectsOf: () => [],
    endpoints: new Map(),
    podRangesOf: new Map(),
  };
}

export function sideOf(name: string, nodes: readonly SideNode[]): Side {
  return { label: { name, mode: nodes[0]?.mode }, nodes, assumptions: [] };
}

const decoder = new TextDecoder();

/** A side as the compiler writes it. */
export function compiledSide(
  name: string,
  objects: readonly unknown[],
  options: Parameters<typeof compile>[1] = {},
): Side {
  const { script, node, diagnostics } = compile(objects, options);
  if (script === undefined) throw new Error(JSON.stringify(diagnostics.map(({ message }) => message)));
  const text = (...files: readonly string[]) =>
    script.steps
      .filter(({ file }) => file !== undefined && files.includes(file))
      .map(({ stdin }) => decoder.decode(stdin))
      .join("");
  const bound = text("addresses.batch").matchAll(/^addr replace (\S+)\/\d+ /gm);
  return sideOf(name, [
    nodeOf(node ?? "node1", {
      rules: text("iptables.restore", "iptables.jumps"),
      rules6: text("ip6tables.restore", "ip6tables.jumps"),
      sets: text("ipset.restore"),
      ...(options.mode === "ipvs" ? { servers: text("ipvs.restore") } : {}),
      ...(options.mode === "nftables" ? { tables: text("nftables.ip.nft", "nftables.ip6.nft") } : {}),
      serviceAddresses: [...bound].map(([, address]) => address ?? ""),
      podRanges: ["10.0.1.0/24"],
      routeLocalnet: options.mode !== "ipvs",
    }),
  ]);
}

/** What changes, a line each. */
export function told({ changes }: TrafficDiff): readonly string[] {
  return changes.map(({ kind, severity, vip, headline }) => `${kind} ${severity} ${vip}: ${headline}`);
}
