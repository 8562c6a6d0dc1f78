import { compileNode, type ReadState } from "../../compile/compile.ts";
import type { Target } from "../../datapath/address-set.ts";
import { createSink } from "../../diagnostics/diagnostic.ts";
import type { LineOrigin, Script } from "../../ir/artifact.ts";
import { languageOf } from "../../languages/registry.ts";
import type { Cluster } from "../../model/cluster.ts";
import { locate } from "../../model/documents/locate.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import type { Service } from "../../model/objects/service.ts";
import type { Cause, CauseOf } from "./explain-hop.ts";

/** Finds the origins of the lines of a script that was compiled with origins. */
export function causesIn({ steps }: Script, documents: readonly SourceDocument[]): CauseOf {
  let known: ReadonlyMap<string, LineOrigin> | undefined;
  return ({ file, line }) => {
    known ??= new Map(
      steps.flatMap((step) => (step.origins ?? []).map((origin) => [`${step.file}:${origin.line}`, origin] as const)),
    );
    const origin = known.get(`${file}:${line}`);
    return origin && causeOf(origin, documents);
  };
}

/**
 * Finds the origins of a dump's rules that match packets to a target: those of equal rules compiled from the state.
 * Only the Services with this target are compiled.
 */
export function causesTo(state: ReadState, node: string | undefined): (target: Target) => CauseOf {
  return (target) => {
    let known: ReadonlyMap<string, LineOrigin> | undefined;
    return ({ text }) => {
      known ??= originsByText(compileFor(target, state, node));
      // Rules of endpoints have no comments in large clusters.
      const origin = known.get(languageOf.iptables.lines.withoutComments(text));
      return origin && causeOf(origin, state.inputs.documents);
    };
  };
}

function compileFor(target: Target, { cluster, options }: ReadState, node: string | undefined): Script | undefined {
  return compileNode(servicesAt(target, cluster), node, { ...options, origins: true }, createSink()).script;
}

function servicesAt({ address, port }: Target, cluster: Cluster): Cluster {
  const services = cluster.services.filter((service) => answersAt(service, address, port));
  const names = new Set(services.map(({ namespace, name }) => `${namespace}/${name}`));
  const slices = cluster.slices.filter(({ namespace, service }) => names.has(`${namespace}/${service}`));
  return { ...cluster, services, slices };
}

function answersAt(service: Service, address: string, port: number): boolean {
  const { clusterIps, externalIps, loadBalancerIps, ports, healthCheckNodePort } = service;
  const vips = [...Object.values(clusterIps), ...externalIps, ...loadBalancerIps];
  return (
    healthCheckNodePort === port ||
    vips.some((vip) => vip.address.text === address) ||
    ports.some(({ nodePort }) => nodePort === port)
  );
}

/** Of equal lines the first counts, as for a packet. */
function originsByText(script: Script | undefined): ReadonlyMap<string, LineOrigin> {
  const decoder = new TextDecoder();
  const found = new Map<string, LineOrigin>();
  for (const { stdin, origins = [] } of script?.steps ?? []) {
    const lines = decoder.decode(stdin).split("\n");
    for (const origin of origins) {
      const key = languageOf.iptables.lines.withoutComments(lines[origin.line - 1] ?? "");
      if (!found.has(key)) found.set(key, origin);
    }
  }
  return found;
}

function causeOf({ object, field, document, path }: LineOrigin, documents: readonly SourceDocument[]): Cause {
  const source = document === undefined ? undefined : documents[document];
  const place = source && locate(source, path, "value");
  return { object, field, source: place && { file: place.file, line: place.line, column: place.column } };
}
