import { compileNode, type ReadState } from "../compile/compile.ts";
import type { HostTexts, NodeEnvironment } from "../datapath/host.ts";
import { originOf, type Place } from "../diagnostics/place.ts";
import { artifactsOf, type Script } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";
import { locate } from "../model/documents/locate.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { ForwardingPlan } from "../plan/forwarding/forwarding-plan.ts";
import { documentOf } from "../reconcile/live/parse-dump.ts";
import { serviceAddresses } from "./destinations/service-addresses.ts";
import { hostTextsOf } from "./host-side.ts";
import { endpointNames } from "./service-names.ts";
import { serviceObjects } from "./service-objects.ts";
import type { SideNode } from "./side.ts";
import type { SourcePlace } from "./traffic-diff.ts";

/** A node to compile: `undefined` leaves the choice to the input. */
export interface NodeRequest {
  readonly name: string | undefined;
  readonly families: readonly Family[] | undefined;
  /** From a dump of this node; these addresses override those of the Node object. */
  readonly hostAddresses: readonly string[] | undefined;
}

/**
 * Compiles nodes of a state for a diff. Problems are reported to the state's sink, and a node with errors is left out.
 * `known` contains texts of other nodes and sides, so that equal texts are stored once.
 */
export function compileSide(
  { inputs, cluster, options, sink }: ReadState,
  nodes: readonly NodeRequest[],
  known: Map<string, string>,
): readonly SideNode[] {
  const values = inputs.documents.map(({ value }) => value);
  const services = lazy(() => serviceAddresses(cluster, (place) => sourcePlace(inputs.documents, place)));
  const endpoints = lazy(() => endpointNames(cluster, values));
  const objects = lazy(() =>
    serviceObjects(cluster, inputs.documents, (place) => sourcePlace(inputs.documents, place)),
  );
  const podRanges = new Map(cluster.nodes.map(({ name, podCidrs }) => [name, podCidrs.map(({ text }) => text)]));
  const { mode } = cluster.proxyConfiguration;
  return nodes.flatMap(({ name: wanted, ...request }) => {
    const { script, plan, node } = compileNode(cluster, wanted, { ...options, ...request }, sink);
    if (script === undefined || plan === undefined) return [];
    const name = wanted ?? node ?? plan.node;
    const others = lazy(() => new Map([...podRanges].filter(([other]) => other !== name)));
    return [
      {
        name,
        mode,
        texts: textsOf(script, known),
        world: worldOf(plan, mode, podRanges.get(name)),
        get services() {
          return services();
        },
        get endpoints() {
          return endpoints();
        },
        objectsOf: (service) => objects()(service),
        get podRangesOf() {
          return others();
        },
      },
    ];
  });
}

function worldOf(
  { families, localhostNodePorts }: ForwardingPlan,
  _mode: ProxyMode,
  podRanges: readonly string[] | undefined,
): NodeEnvironment {
  const nodeAddresses = families.flatMap(({ settings }) => settings.hostAddresses.map(({ text }) => text));
  return { nodeAddresses, podRanges: podRanges ?? [], routeLocalnet: localhostNodePorts === "served" };
}

/** The texts of a script, as on a host that had none of our objects before. */
export function textsOf(script: Script, known: Map<string, string>): HostTexts {
  const shared = artifactsOf(script).map((artifact) => {
    if (!known.has(artifact.text)) known.set(artifact.text, artifact.text);
    return { ...artifact, text: known.get(artifact.text) as string };
  });
  return hostTextsOf(documentOf(shared));
}

function sourcePlace(documents: ReadState["inputs"]["documents"], place: Place): SourcePlace | undefined {
  const { document: number, path } = originOf(place);
  const document = documents[number];
  const found = document && locate(document, path, "value");
  return found && { file: found.file, line: found.line, column: found.column };
}

/** Evaluated once, at the first call. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
