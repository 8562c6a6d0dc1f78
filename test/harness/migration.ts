import { readStateOfObjects } from "../../src/compile/compile.ts";
import { createSink } from "../../src/diagnostics/diagnostic.ts";
import { compileSide } from "../../src/diff/compile-side.ts";
import { type Evidence, evidenceOf } from "../../src/migrate/evidence.ts";
import { type Changes, findChanges } from "../../src/migrate/migrate.ts";
import type { MigrationFacts } from "../../src/migrate/rule.ts";
import { flattenDocuments } from "../../src/model/flatten-documents.ts";
import { isProxied } from "../../src/model/objects/service.ts";
import type { ProxyMode } from "../../src/model/proxy-configuration/proxy-configuration.ts";
import { programFor } from "../../src/programs/registry.ts";

/** What a cluster leaves, on which node, and with which configuration besides the mode. */
export interface Leaving {
  readonly from: ProxyMode;
  readonly node: string;
  readonly proxyConfig?: unknown;
}

/** What changes for these objects when kube-proxy goes over to nftables. */
export function changesOf(objects: readonly unknown[], leaving: Leaving): Changes {
  return findChanges(factsOf(objects, leaving));
}

/** The packets behind it. */
export function packetsOf(objects: readonly unknown[], leaving: Leaving): readonly Evidence[] {
  return factsOf(objects, leaving).pairs.flatMap((pair) => [...evidenceOf(pair)]);
}

function factsOf(objects: readonly unknown[], { from, node, proxyConfig }: Leaving): MigrationFacts {
  const read = (mode: ProxyMode) => readStateOfObjects(objects, { mode, proxyConfig });
  const compiled = (mode: ProxyMode) => {
    const [side] = compileSide(read(mode), [{ name: node, families: undefined, hostAddresses: undefined }], new Map());
    if (side === undefined) throw new Error("the state has errors");
    return side;
  };
  const { cluster } = read(from);
  const services = cluster.services.filter(isProxied);
  return {
    from,
    to: "nftables",
    traits: programFor({ mode: from }).traits,
    cluster,
    objects: flattenDocuments(objects, createSink()),
    dumps: new Map(),
    pairs: [{ base: compiled(from), head: compiled("nftables") }],
    services: new Map(services.map((service) => [`${service.namespace}/${service.name}`, service])),
  };
}
