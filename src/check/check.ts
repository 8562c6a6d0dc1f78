import { documentsOf, type StateOptions } from "../compile/compile.ts";
import { createSink, type Diagnostic } from "../diagnostics/diagnostic.ts";
import type { HostDocument } from "../ir/artifact.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { checkCluster } from "./state/check-state.ts";
import { checkAnnotations, isSuppressedByAnnotation } from "./suppress.ts";
import { checkHosts } from "./text/check-host.ts";

export interface CheckOptions extends StateOptions {
  /** What hosts have, as `parseDump` reads it: their rules are checked too. */
  readonly hosts?: readonly HostDocument[] | undefined;
}

export interface Check {
  /**
   * The findings, without those suppressed by an object's annotation `portolan/suppress`. An origin's document counts
   * the given objects; for a host's rule it counts the host texts after them.
   */
  readonly findings: readonly Diagnostic[];
  /** Undefined where no objects were given. */
  readonly mode: ProxyMode | undefined;
  /** The names of the checked Nodes. */
  readonly nodes: readonly string[];
}

/**
 * Finds mistakes that the API server accepts, in cluster state, in the rules of hosts, or in both: selectors that match
 * nothing, ports that clash, policies that drop traffic on some nodes, unreachable rules.
 *
 * @example
 * ```ts
 * import { check } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const spec = { clusterIP: "10.96.0.10", externalIPs: ["203.0.113.9"], ports: [{ port: 80 }] };
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec };
 * const { findings, nodes } = check([node, web]);
 * console.log(nodes); // ["node1"]
 * console.log(findings.map(({ code }) => code)); // ["no-endpoint-objects","external-ips-deprecated"]
 * ```
 */
export function check(objects: readonly unknown[], options: CheckOptions = {}): Check {
  const sink = createSink();
  const { node, hosts = [] } = options;
  const state = objects.length === 0 ? undefined : { ...documentsOf(objects, options), options };
  const found = state && checkCluster({ ...state, node }, sink);
  if (state !== undefined) checkAnnotations(state.documents, sink);
  const first = state?.documents.length ?? 0;
  checkHosts(
    hosts.map((host) => renumbered(host, first)),
    sink,
    found?.cluster,
  );
  const findings = sink.diagnostics.filter((one) => !isSuppressedByAnnotation(one, state?.documents ?? []));
  return { findings, mode: found?.mode, nodes: found?.nodes ?? [] };
}

function renumbered(host: HostDocument, first: number): HostDocument {
  return { ...host, texts: host.texts.map((text) => ({ ...text, source: text.source + first })) };
}
