import type { ReadState } from "../compile/compile.ts";
import { printTarget } from "../datapath/address-set.ts";
import { compiledQuery, knownOf, type PacketQuery } from "../explain/packet/packet-query.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import { groupBy } from "../model/group-by.ts";
import type { EndpointSlice, SliceEndpoint } from "../model/objects/endpoint-slice.ts";
import { proxyNameLabel, type Service, type ServicePort } from "../model/objects/service.ts";
import { askDoor, type Door, doorsOf, type KnownEndpoints } from "./ask-doors.ts";
import type { Tour, TourAnswer, TourDoor, TourEndpoint, TourFinding, TourPort, TourRule, TourService } from "./tour.ts";

export interface TourRequest {
  /** Undefined: every Node of the state. */
  readonly node: string | undefined;
  /** Which Services are shown, by `shop/web`. */
  readonly shows: (service: string) => boolean;
  /** Findings of `check`, with the Services that they concern. */
  readonly findings: readonly { readonly finding: TourFinding; readonly services: readonly string[] }[];
  /** The rules of a Service; undefined: they are not shown. */
  readonly rulesOf: ((service: Service) => readonly TourRule[]) | undefined;
}

/** Says of each Service who reaches it and what happens then. Undefined: the state's sink contains the reason. */
export function makeTour(state: ReadState, request: TourRequest): Tour | undefined {
  const { cluster } = state;
  const guide = createGuide(state, request.node);
  // A state without Services has errors too.
  if (guide.ask(guide.nodes[0]) === undefined) return undefined;
  const shown = cluster.services
    .filter(({ namespace, name }) => request.shows(`${namespace}/${name}`))
    .toSorted(
      (a, b) => compareBytes(a.namespace, b.namespace) || rankOf(a) - rankOf(b) || compareBytes(a.name, b.name),
    );
  const services = shown.map((service) => describeService(service, { guide, request }));
  const told = new Set(shown.map(({ namespace, name }) => `${namespace}/${name}`));
  const isShared = (owners: readonly string[]): boolean => !owners.some((owner) => told.has(owner));
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Tour",
    mode: cluster.proxyConfiguration.mode,
    nodes: guide.nodes.map((node) => guide.ask(node)?.context.node ?? node ?? ""),
    simulated: cluster.simulated,
    services,
    findings: request.findings
      .filter(({ services: owners }) => owners.length === 0 || (isShared(owners) && owners.every(request.shows)))
      .map(({ finding }) => finding),
  };
}

/** In a namespace, Services for clients outside the cluster come first, and those without rules last. */
function rankOf(service: Service): number {
  if (whyNoRules(service) !== undefined) return 2;
  return service.type === "ClusterIP" && service.externalIps.length === 0 ? 1 : 0;
}

/** The nodes of a state; each is compiled on first use. */
interface Guide {
  readonly nodes: readonly (string | undefined)[];
  readonly ask: (node: string | undefined) => PacketQuery | undefined;
  readonly zoneOf: (node: string | undefined) => string | undefined;
  readonly podAt: (address: string) => string | undefined;
  readonly slicesOf: (service: Service) => readonly EndpointSlice[];
}

function createGuide(state: ReadState, chosen: string | undefined): Guide {
  const { cluster } = state;
  const queries = new Map<string | undefined, PacketQuery | undefined>();
  const names = cluster.nodes.map(({ name }) => name).toSorted(compareBytes);
  const known = knownOf(state);
  const slices = groupBy(cluster.slices, ({ namespace, service = "" }) => `${namespace}/${service}`);
  return {
    nodes: chosen !== undefined || names.length === 0 ? [chosen] : names,
    ask: (node) => {
      if (!queries.has(node)) queries.set(node, compiledQuery(state, node));
      return queries.get(node);
    },
    zoneOf: (node) => cluster.nodes.find(({ name }) => name === node)?.zone,
    podAt: (address) => known.endpointAt(printTarget({ address, port: 1 }))?.pod,
    slicesOf: ({ namespace, name }) => slices.get(`${namespace}/${name}`) ?? [],
  };
}

interface Context {
  readonly guide: Guide;
  readonly request: TourRequest;
}

function describeService(service: Service, { guide, request }: Context): TourService {
  const called = `${service.namespace}/${service.name}`;
  const slices = guide.slicesOf(service);
  const noRules = whyNoRules(service);
  const findings = request.findings.filter(({ services }) => services.includes(called)).map(({ finding }) => finding);
  return {
    service: called,
    type: service.type,
    ...(noRules === undefined ? {} : { noRules }),
    ports: noRules === undefined ? service.ports.map((port) => describePort(service, port, { guide, slices })) : [],
    endpoints: endpointsIn(slices, guide),
    findings,
    ...(request.rulesOf === undefined ? {} : { rules: request.rulesOf(service) }),
  };
}

function whyNoRules({ type, headless, labels, clusterIps }: Service): string | undefined {
  if (type === "ExternalName") return "DNS answers with another name: kube-proxy makes no rules";
  if (headless) return "headless: DNS answers with the addresses of its pods, and kube-proxy makes no rules";
  if (Object.hasOwn(labels, proxyNameLabel))
    return `another program serves it (${proxyNameLabel}: ${labels[proxyNameLabel]})`;
  return Object.keys(clusterIps).length === 0 ? "it has no cluster IP, so kube-proxy makes no rules" : undefined;
}

function endpointsIn(slices: readonly EndpointSlice[], { podAt }: Guide): readonly TourEndpoint[] {
  const found = new Map<string, TourEndpoint>();
  for (const { endpoints, ports } of slices) {
    const numbers = ports.flatMap(({ port }) => port ?? []);
    for (const endpoint of endpoints) {
      const { ip, nodeName } = endpoint;
      const pod = podAt(ip);
      const listed = [...new Set([...(found.get(ip)?.ports ?? []), ...numbers])];
      const named = { ...(pod === undefined ? {} : { pod }), ...(nodeName === undefined ? {} : { node: nodeName }) };
      found.set(ip, { address: ip, ports: listed, ...named, state: stateOf(endpoint) });
    }
  }
  return [...found.values()];
}

function stateOf({ ready, terminating }: SliceEndpoint): TourEndpoint["state"] {
  if (ready) return "ready";
  return terminating ? "terminating" : "not ready";
}

interface OfService {
  readonly guide: Guide;
  readonly slices: readonly EndpointSlice[];
}

function describePort(service: Service, port: ServicePort, { guide, slices }: OfService): TourPort {
  const { namespace, name } = service;
  const endpoints = slices.flatMap((slice) => slice.endpoints);
  const nodesByAddress = new Map(endpoints.map(({ ip, nodeName }) => [ip, nodeName]));
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const known: KnownEndpoints = {
    nodeOf: (address) => nodesByAddress.get(address),
    isSpread: new Set(ready.map(({ nodeName }) => nodeName)).size > 1,
  };
  const classes = nodesAlike(endpoints, guide);
  const answer = (door: Door): readonly TourAnswer[] =>
    mergeAnswers(
      classes.flatMap((nodes): readonly TourAnswer[] => {
        const query = guide.ask(nodes[0]);
        if (query === undefined) return [];
        const names = nodes.map((node) => node ?? query.context.node);
        return askDoor(door, { service, port }, { query, known }).map((each) => ({ nodes: names, ...each }));
      }),
    );
  const doors = doorsOf(service, port).map((door): TourDoor => {
    const { family: _, ...shown } = door;
    return { ...shown, answers: answer(door) };
  });
  const called = `${namespace}/${name}${port.name === "" ? "" : `:${port.name}`}`;
  return { name: called, protocol: port.protocol, port: port.port, doors };
}

/**
 * Groups of nodes on which a Service is the same: with an endpoint of it or without one, and in one zone where endpoints
 * have hints. The first of each group is asked.
 */
function nodesAlike(
  endpoints: readonly SliceEndpoint[],
  { nodes, zoneOf }: Guide,
): readonly (readonly (string | undefined)[])[] {
  const local = new Set(endpoints.filter(({ ready }) => ready).map(({ nodeName }) => nodeName));
  const hasZones = endpoints.some(({ zoneHints }) => zoneHints.length > 0);
  const hasNodes = endpoints.some(({ nodeHints }) => nodeHints.length > 0);
  const keyOf = (node: string | undefined): string =>
    JSON.stringify([local.has(node), hasZones ? zoneOf(node) : "", hasNodes ? node : ""]);
  return [...groupBy(nodes, keyOf).values()];
}

/** The same answer for several groups of nodes is one. */
function mergeAnswers(answers: readonly TourAnswer[]): readonly TourAnswer[] {
  const byAnswer = groupBy(answers, ({ client, outcomes, isLocal }) =>
    JSON.stringify([client.kind, client.ranges, outcomes.map(endOf).sort(), isLocal]),
  );
  const merged = [...byAnswer.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const nodes = [first, ...others].flatMap((each) => each.nodes).toSorted(compareBytes);
    return [{ ...first, nodes }];
  });
  const clients = ["pods", "outside", "allowed", "others"];
  return merged.toSorted((a, b) => clients.indexOf(a.client.kind) - clients.indexOf(b.client.kind));
}

function endOf({ verdict, destination, sees, share }: TourAnswer["outcomes"][number]): string {
  return JSON.stringify([verdict, destination, sees, share.toFixed(6)]);
}
