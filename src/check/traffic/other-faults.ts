import { canonicalAddress, isAddress, printTarget } from "../../datapath/address-set.ts";
import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { at, documentPlace, type Place } from "../../diagnostics/place.ts";
import { type HostDocument, type HostText, textsUnder } from "../../ir/artifact.ts";
import { deleteFlow, listFlows, parseFlows, type UdpFlow } from "../../languages/conntrack.ts";
import { families } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { keyOf, printDestination, type ServiceDestination, type TrafficHost } from "../../programs/traffic-mode.ts";

/** The endpoints to which the rules of a host send packets for a destination. */
type TargetsOf = (destination: ServiceDestination) => ReadonlySet<string>;

interface Rules {
  readonly document: HostDocument;
  readonly destinations: readonly ServiceDestination[];
  readonly targetsOf: TargetsOf;
}

/** Conntrack entries that lead to an endpoint that no rule has: no rule is asked for their packets. */
export function checkConntrack({ document, destinations, targetsOf }: Rules, sink: Sink): void {
  const texts = families.flatMap((family) => textsUnder(document, listFlows(family).join(" ")));
  const entries = texts.flatMap(entriesIn);
  if (entries.length === 0) return;
  const byKey = new Map(destinations.filter(({ protocol }) => protocol === "udp").map((each) => [keyOf(each), each]));
  const stale = new Map<
    string,
    { readonly first: Entry; readonly destination: ServiceDestination; readonly clients: Set<string> }
  >();
  for (const entry of entries) {
    const { flow } = entry;
    const destination =
      byKey.get(`${joined(flow.destination, flow.destinationPort)}/udp`) ?? byKey.get(`*:${flow.destinationPort}/udp`);
    if (destination === undefined) continue;
    const endpoint = joined(flow.replySource, flow.replySourcePort);
    const targets = targetsOf(destination);
    if (targets.size === 0 || targets.has(endpoint)) continue;
    const key = `${keyOf(destination)} ${endpoint}`;
    const known = stale.get(key) ?? { first: entry, destination, clients: new Set() };
    stale.set(key, known);
    known.clients.add(flow.source);
  }
  for (const { first, destination, clients } of stale.values()) {
    const { flow, place } = first;
    const { service } = destination;
    const [client = "", ...more] = clients;
    sink.reporter(createSubject())(
      "conntrack-entry-stale",
      place,
      {
        clients: more.length === 0 ? client : `${client} and ${more.length} more`,
        service:
          service === undefined ? printDestination(destination) : `${service} (${printDestination(destination)})`,
        endpoint: joined(flow.replySource, flow.replySourcePort),
      },
      {
        hint: `delete the entries: ${commandFor(flow, clients.size)}`,
        services: service === undefined ? [] : [service],
      },
    );
  }
}

interface Entry {
  readonly flow: UdpFlow;
  readonly place: Place;
}

function entriesIn({ text, source, firstLine }: HostText): readonly Entry[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      parseFlows(line).map((flow) => ({ flow, place: at(documentPlace(source), firstLine + index) })),
    );
}

function commandFor(flow: UdpFlow, clients: number): string {
  if (clients === 1) return deleteFlow(flow).join(" ");
  return `conntrack -D -p udp --orig-dst ${flow.destination} --dport ${flow.destinationPort} --reply-src ${flow.replySource}`;
}

/** Endpoints in the rules of a Service that its EndpointSlices do not have. */
export function checkEndpoints(
  { destinations, targetsOf }: Omit<Rules, "document">,
  cluster: Cluster,
  sink: Sink,
): void {
  const known = new Map<string, Set<string>>();
  for (const { namespace, service, endpoints, ports } of cluster.slices) {
    if (service === undefined) continue;
    const name = `${namespace}/${service}`;
    const targets = known.get(name) ?? new Set<string>();
    known.set(name, targets);
    for (const { ip } of endpoints) for (const { port } of ports) if (port !== undefined) targets.add(joined(ip, port));
  }
  const told = new Set<string>();
  for (const destination of destinations) {
    const { service } = destination;
    const targets = service === undefined ? undefined : known.get(service.replace(/:.*$/, ""));
    if (service === undefined || targets === undefined) continue;
    for (const endpoint of targetsOf(destination)) {
      const key = `${service} ${endpoint}`;
      if (targets.has(endpoint) || told.has(key)) continue;
      told.add(key);
      sink.reporter(createSubject())(
        "endpoint-not-in-state",
        undefined,
        { service, endpoint },
        { services: [service] },
      );
    }
  }
}

/** Addresses of a state that a host has no rule for, of service ports that it has rules for. */
export function checkMissingAddresses(
  destinations: readonly ServiceDestination[],
  { names, cluster }: { readonly names: ReadonlyMap<string, string>; readonly cluster: Cluster },
  sink: Sink,
): void {
  const known = new Set(destinations.map(keyOf));
  const services = new Set(destinations.map(({ service }) => service));
  const shown = new Set(destinations.map(({ family }) => family));
  // kube-proxy itself answers there: no rule translates them.
  for (const { healthCheckNodePort } of cluster.services) known.add(`*:${healthCheckNodePort}/tcp`);
  for (const [key, service] of names) {
    const isOfFamily = key.startsWith("*:") || shown.has(key.startsWith("[") ? "ipv6" : "ipv4");
    if (known.has(key) || !services.has(service) || !isOfFamily) continue;
    const addresses = key.startsWith("*:") ? `node port ${key.slice(2)}` : key;
    sink.reporter(createSubject())(
      "service-address-missing",
      undefined,
      { addresses, services: service },
      { services: [service] },
    );
  }
}

function joined(ip: string, port: number): string {
  return isAddress(ip) ? printTarget({ address: canonicalAddress(ip), port }) : `${ip}:${port}`;
}

/** Settings of the kernel that keep packets of Services from their endpoints. */
export function checkSettings(
  document: HostDocument,
  traffic: TrafficHost,
  destinations: readonly ServiceDestination[],
  sink: Sink,
): void {
  const own = destinations.filter(({ family }) => family === "ipv4");
  const report = (name: string, effect: string, affected: readonly ServiceDestination[]): void => {
    if (affected.length === 0 || traffic.sysctls.get(name) !== "0") return;
    const services = [...new Set(affected.flatMap(({ service }) => (service === undefined ? [] : [service])))];
    const setting = `${name} = 0`;
    sink.reporter(createSubject())(
      "node-setting-breaks-services",
      placeOf(document, setting),
      { setting, effect },
      {
        hint: `set it: sysctl -w ${name}=1, and in /etc/sysctl.d so that it stays`,
        services,
      },
    );
  };
  report("net.ipv4.ip_forward", "the node forwards no packets: pods and other hosts reach no endpoint", own);
  const nodePorts = own.filter(({ kind }) => kind === "node-port");
  const onLoopback = traffic.mode.servesLoopback(traffic) ? nodePorts : [];
  report("net.ipv4.conf.all.route_localnet", "node ports do not answer on 127.0.0.1", onLoopback);
}

function placeOf({ texts }: HostDocument, setting: string): Place | undefined {
  for (const { heading, text, source, firstLine } of texts) {
    const index = heading.startsWith("sysctl ") ? text.split("\n").indexOf(setting) : -1;
    if (index >= 0) return at(documentPlace(source), firstLine + index);
  }
  return undefined;
}
